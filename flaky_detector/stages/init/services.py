"""Service containers and the variables that lead to them, for a container action.

Owns the translation: a job's steps reach a service at localhost and a mapped port; the action runs in a container beside the services and
reaches each by its name and the container's own port (docs.github.com, "Communicating with Docker service containers").

    services: {db: {ports: ["5433:5432"]}}
    DATABASE_URL: postgres://u@localhost:5433/x      postgres://u@db:5432/x
    PGHOST: 127.0.0.1 · PGPORT: 5433                 db · 5432
"""

import re
from collections.abc import Sequence

import msgspec

from flaky_detector.stages.init.records import Pairs, Service

LOCAL = re.compile(r"(?<![\w.-])(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(?![\w.-])")
WORDS = {
    "postgres": ("postgres", "pg", "db", "database", "sql"),
    "mysql": ("mysql", "maria", "db", "database", "sql"),
    "maria": ("mysql", "maria", "db", "database", "sql"),
    "redis": ("redis", "cache", "celery", "broker", "queue"),
    "valkey": ("redis", "valkey", "cache", "celery", "broker"),
    "rabbit": ("rabbit", "amqp", "broker", "celery", "queue"),
    "mongo": ("mongo",),
    "elastic": ("elastic", "es", "search"),
    "opensearch": ("opensearch", "elastic", "es", "search"),
    "memcached": ("memcached", "memcache", "cache"),
    "minio": ("minio", "s3", "aws"),
    "localstack": ("localstack", "aws", "s3", "sqs"),
    "kafka": ("kafka",),
    "clickhouse": ("clickhouse",),
}
"""Words in names of variables by what stands in a service's name or image."""


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """Variables as the action needs them, what the changed ones were, and which could not be decided."""

    env: Pairs
    renamed: Pairs = ()
    unknown: tuple[str, ...] = ()


def reach(services: Sequence[Service], env: Pairs) -> Reached:
    """The variables with every service's address rewritten.

    Args:
        services: those of the job, expressions resolved.
        env: the variables that pytest sees, the later of one name winning.
    """
    variables = dict(env)
    made: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in variables.items():
        found, is_clear = _value(name, value, services, variables)
        made[name] = found
        if not is_clear:
            unknown.append(
                f"{name} is {value}, and it is not clear which of the services {', '.join(each.name for each in services)} that is"
            )
    renamed = tuple((name, _address_in(variables[name])) for name in made if made[name] != variables[name])
    return Reached(env=tuple(made.items()), renamed=renamed, unknown=tuple(unknown))


def ports_by_expression(services: Sequence[Service]) -> Pairs:
    """`job.services.NAME.ports[PORT]` is the port itself, between containers."""
    return tuple((f"job.services.{each.name}.ports.{inner}", inner) for each in services for _, inner in each.ports)


def are_named(services: Sequence[Service], env: Pairs) -> tuple[Service, ...]:
    """The services whose name stands as a host in a variable."""
    return tuple(each for each in services if any(re.search(rf"(?<![\w-]){re.escape(each.name)}(?![\w-])", value) for _, value in env))


def _value(name: str, value: str, services: Sequence[Service], variables: dict[str, str]) -> tuple[str, bool]:
    if not services:
        return value, True
    if value.isdecimal() and re.search(r"PORT$", name, re.IGNORECASE):
        return _port(name, value, services), True
    missing = False

    def address(match: re.Match[str]) -> str:
        nonlocal missing
        service = _service(name, match[1] or _sibling_port(name, variables), services, has_port=bool(match[1]))
        missing = missing or service is None
        if service is None:
            return match[0]
        return service.name + (f":{service.host_ports().get(match[1], match[1])}" if match[1] else "")

    return LOCAL.sub(address, value), not missing or not _is_about_services(name, value)


def _address_in(value: str) -> str:
    return ", ".join(dict.fromkeys(match[0] for match in LOCAL.finditer(value))) or value


def _port(name: str, value: str, services: Sequence[Service]) -> str:
    fitting = [each for each in services if value in each.host_ports()]
    chosen = fitting[0] if len(fitting) == 1 else next((each for each in fitting if _speaks_of(name, each)), None)
    return chosen.host_ports()[value] if chosen else value


def _sibling_port(name: str, variables: dict[str, str]) -> str:
    """The port that stands beside a host: `DB_HOST` and `DB_PORT`."""
    stem = re.sub(r"(HOST|HOSTNAME|SERVER|ADDR|ADDRESS)$", "", name, flags=re.IGNORECASE)
    return variables.get(f"{stem}PORT", "") if stem != name else ""


def _service(name: str, port: str, services: Sequence[Service], *, has_port: bool) -> Service | None:
    """By the port, else by the variable's name, else the only one there is."""
    by_port = [each for each in services if port and port in each.host_ports()]
    if len(by_port) == 1:
        return by_port[0]
    if has_port and not by_port:  # it is somebody else who listens there, such as the tests' own server
        return next((each for each in services if not each.ports and _speaks_of(name, each)), None)
    spoken = [each for each in (by_port or services) if _speaks_of(name, each)]
    if len(spoken) == 1:
        return spoken[0]
    is_a_host = re.search(r"HOST|SERVER|URL|URI|DSN|ADDR|CONN|BROKER", name, re.IGNORECASE)
    return services[0] if len(services) == 1 and is_a_host and not spoken and not re.search("ALLOWED|CORS|CSRF", name) else None


def _speaks_of(name: str, service: Service) -> bool:
    described = f"{service.name} {service.image}".lower()
    words = {word for key, many in WORDS.items() if key in described for word in many} | {service.name.lower()}
    parts = set(re.split(r"[^a-z0-9]+", name.lower()))
    return any(word in parts or (len(word) > 2 and word in name.lower()) for word in words)


def _is_about_services(name: str, value: str) -> bool:
    """Whether a local address that no service answers to is worth a question: not lists of allowed hosts and the tests' own server."""
    return (
        not re.search(r"ALLOWED|CORS|CSRF|ORIGIN|DOMAIN|NO_PROXY|SITE|FRONTEND|BIND|LISTEN", name, re.IGNORECASE)
        and "," not in value
        and not re.match(r"https?://", value)
    )
