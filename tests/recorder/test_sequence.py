"""A forced order over several workers, with xdist's workers imitated: who is told what, and so may run what, when."""

from types import SimpleNamespace

from flaky_detector.recorder.replay import Steps
from flaky_detector.recorder.sequence import SequenceScheduling

COLLECTION = ["a", "b", "c", "x", "y"]


class Worker:
    """Runs a test as soon as it knows the next one, as xdist's worker does; the last it is told is never run."""

    def __init__(self, name: str, count: int = 2) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.workerinput = {"workercount": count}
        self.queue: list[int] = []
        self.is_dead = False

    def send_runtest_some(self, indices: list[int]) -> None:
        if self.is_dead:
            raise OSError("cannot send (already closed?)")
        self.queue += indices

    def next(self) -> int | None:
        return self.queue.pop(0) if len(self.queue) > 1 else None


def start(steps: list[tuple[int, str]], names: tuple[str, ...] = ("gw0", "gw1")) -> tuple[SequenceScheduling, list[Worker], list[str]]:
    notes: list[str] = []
    scheduling = SequenceScheduling(None, Steps(steps), notes.append)
    workers = [Worker(name) for name in names]
    for worker in workers:
        scheduling.add_node(worker)
        assert not scheduling.collection_is_completed
        scheduling.add_node_collection(worker, COLLECTION)
    assert scheduling.collection_is_completed
    assert not scheduling.tests_finished
    scheduling.schedule()
    return scheduling, workers, notes


def run_all(scheduling: SequenceScheduling, workers: list[Worker]) -> list[str]:
    """Every test in the sequence in which it could run; workers are asked in turns, the last first."""
    ran = []
    while True:
        ready = [(worker, index) for worker in reversed(workers) if (index := worker.next()) is not None]
        if not ready:
            return ran
        assert len(ready) == 1, "two workers run at the same time"
        worker, index = ready[0]
        ran.append(f"{worker.gateway.id} {COLLECTION[index]}")
        scheduling.mark_test_complete(worker, index, 0.1)


def test_workers_wait_for_one_another_in_the_sequence_of_the_order() -> None:
    scheduling, workers, notes = start([(0, "a"), (0, "b"), (1, "x"), (0, "c"), (1, "y")])
    assert [worker.queue for worker in workers] == [[0, 1, 2], []]
    assert run_all(scheduling, workers) == ["gw0 a", "gw0 b", "gw1 x", "gw0 c", "gw1 y"]
    assert scheduling.tests_finished
    assert not scheduling.has_pending
    assert notes == []
    assert [[COLLECTION[index] for index in worker.queue] for worker in workers] == [["x"], ["a"]]


def test_an_order_for_one_worker_is_told_at_once_and_its_last_test_is_let_go_by_the_shutdown() -> None:
    scheduling, workers, _ = start([(0, "c"), (0, "a"), (0, "b")])
    assert [worker.queue for worker in workers] == [[2, 0, 1], []]
    assert run_all(scheduling, workers) == ["gw0 c", "gw0 a"]
    assert scheduling.tests_finished
    assert scheduling.has_pending
    scheduling.mark_test_complete(workers[0], workers[0].queue.pop(), 0.1)
    assert not scheduling.has_pending
    assert scheduling.remove_node(workers[0]) is None
    assert scheduling.remove_node(workers[1]) is None


def test_a_single_test_is_let_go_by_the_shutdown_too() -> None:
    scheduling, workers, _ = start([(1, "b")])
    assert [worker.queue for worker in workers] == [[], [1]]
    assert scheduling.tests_finished


def test_an_empty_order_is_finished_at_once() -> None:
    scheduling, _, _ = start([(0, "gone")])
    assert scheduling.tests_finished


def test_steps_for_workers_that_do_not_exist_are_left_out() -> None:
    scheduling, workers, notes = start([(0, "a"), (5, "b"), (1, "x")])
    assert run_all(scheduling, workers) == ["gw0 a", "gw1 x"]
    assert notes == ["1 steps are for workers that do not exist and are left out"]


def test_a_worker_that_dies_names_its_test_and_is_replaced_for_the_rest() -> None:
    scheduling, workers, _ = start([(0, "a"), (0, "b"), (1, "x"), (0, "c")])
    scheduling.mark_test_complete(workers[0], 0, 0.1)
    assert scheduling.remove_node(workers[0]) == "b"
    assert workers[1].queue == [3, 0]
    new = Worker("gw2")
    scheduling.add_node(new)
    scheduling.add_node_collection(new, COLLECTION)
    scheduling.schedule()
    assert run_all(scheduling, [workers[1], new]) == ["gw1 x", "gw2 c"]
    assert scheduling.tests_finished


def test_a_worker_that_dies_while_it_waits_was_running_nothing() -> None:
    scheduling, workers, _ = start([(0, "a"), (1, "x"), (0, "c"), (1, "y")])
    scheduling.mark_test_complete(workers[0], 0, 0.1)
    assert scheduling.remove_node(workers[0]) is None
    new = Worker("gw2")
    scheduling.add_node(new)
    scheduling.add_node_collection(new, COLLECTION)
    scheduling.schedule()
    assert run_all(scheduling, [workers[1], new]) == ["gw1 x", "gw2 c", "gw1 y"]


def test_a_worker_that_dies_before_it_is_told_its_next_test_was_running_nothing_either() -> None:
    scheduling, workers, _ = start([(0, "a"), (1, "x"), (0, "b")])
    workers[1].is_dead = True
    assert run_all(scheduling, workers[:1]) == ["gw0 a"]
    assert scheduling.remove_node(workers[1]) is None
    replacement = Worker("gw2")
    scheduling.add_node(replacement)
    scheduling.add_node_collection(replacement, COLLECTION)
    scheduling.schedule()
    assert run_all(scheduling, [workers[0], replacement]) == ["gw2 x", "gw0 b"]


def test_group_suffixes_are_not_part_of_a_name() -> None:
    notes: list[str] = []
    scheduling = SequenceScheduling(None, Steps([(0, "t.py::a"), (1, "t.py::b[x@y]")]), notes.append)
    workers = [Worker("gw0"), Worker("gw1")]
    for worker in workers:
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, ["t.py::b[x@y]@group", "t.py::a@group"])
    scheduling.schedule()
    assert [worker.queue for worker in workers] == [[1, 0], []]


def test_a_step_that_is_to_run_together_begins_when_the_one_before_it_has_begun() -> None:
    scheduling = SequenceScheduling(None, Steps([(0, "a"), (1, "x"), (0, "b"), (1, "y")], together=[3]), [].append)
    workers = [Worker("gw0"), Worker("gw1")]
    for worker in workers:
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, COLLECTION)
    scheduling.schedule()
    scheduling.test_has_begun("a")
    assert [[COLLECTION[index] for index in worker.queue] for worker in workers] == [["a", "b"], []]
    for worker, index in ((workers[0], 0), (workers[1], 3)):
        assert worker.next() == index
        scheduling.mark_test_complete(worker, index, 0.1)
    assert [[COLLECTION[index] for index in worker.queue] for worker in workers] == [["b", "x"], ["y"]]
    scheduling.test_has_begun("b")
    assert [[COLLECTION[index] for index in worker.queue] for worker in workers] == [["b", "x"], ["y", "a"]]
