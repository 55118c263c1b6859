"""INI files as tox, pytest and setuptools read them. Owns nothing but the reading; what does not parse is empty."""

import configparser


class _Parser(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        """DJANGO_SETTINGS_MODULE keeps its letters."""
        return optionstr


def sections(text: str) -> dict[str, dict[str, str]]:
    """The values of each section, those without one as ""."""
    parser = _Parser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError):  # the latter where a name without a value is continued
        return {}
    return {section: {key: value or "" for key, value in parser.items(section)} for section in parser.sections()}
