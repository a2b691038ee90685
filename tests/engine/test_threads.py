"""64 threads and one store; closing while they work (threat 44)."""

import random
import threading
from collections import Counter

import pytest

from connect_sqlite import SQLiteStore, StoreClosed
from engine.programs import descriptors, integrity, outcome, own_threads


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


def in_threads(count, function):
    threads = [threading.Thread(target=function, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sixty_four(path):
    store = SQLiteStore(path, indexes=("k",)) if path else SQLiteStore(indexes=("k",))
    wrong = []

    def visit(k):
        own = random.Random(k)
        model = {}
        for n in range(30):
            sid = f"{k}-{own.randrange(5)}"
            match own.randrange(7):
                case 0 | 1:
                    store.set(sid, {"k": k, "n": n})
                    model[sid] = {"k": k, "n": n}
                case 2:
                    if store.destroy(sid) != (model.pop(sid, None) is not None):
                        wrong.append("destroy")
                case 3:
                    merged = store.merge(sid, {"m": n})
                    if sid in model:
                        model[sid]["m"] = n
                    if merged != model.get(sid):
                        wrong.append("merge")
                case 4:
                    if store.touch(sid, {}) != ("OK" if sid in model else "EXPIRED"):
                        wrong.append("touch")
                case 5:
                    if {found.id for found in store.find("k", k)} != set(model):
                        wrong.append("find")
                case _:
                    if store.get(sid) != model.get(sid):
                        wrong.append("get")
        if {found.id: dict(found) for found in store.find("k", k)} != model:
            wrong.append("end")

    in_threads(64, visit)
    store.close()
    return [wrong, integrity(path) if path else "ok"]


@pytest.mark.parametrize("where", ["file", "memory"])
def test_64_threads(path, where):
    """Each sees its own sessions as if it were alone (threat 44)."""
    assert [[], "ok"] == outcome(sixty_four, path if where == "file" else "")


def closed_under_them(path):
    store = SQLiteStore(path, sweep_interval=0.001) if path else SQLiteStore()
    store.set("a", {})
    calls = [
        lambda k, n: store.get("a"),
        lambda k, n: store.set(f"{k}-{n}", {}),
        lambda k, n: store.length(),
        lambda k, n: store.create(f"c{k}-{n}", {}),
        lambda k, n: store.sweep(),
        lambda k, n: store.stats(),
        lambda k, n: store.touch("a", {}),
        lambda k, n: store.merge("a", {str(k): n}),
    ]
    ends, saved = Counter(), []
    ready = threading.Barrier(33)

    def work(k):
        ready.wait()
        n = 0
        try:
            while True:
                calls[k % len(calls)](k, n)
                if k % len(calls) == 1:
                    saved.append(f"{k}-{n}")
                n += 1
        except StoreClosed:
            ends["closed"] += 1
        except BaseException as error:  # noqa: BLE001
            ends[repr(error)] += 1

    threads = [threading.Thread(target=work, args=(k,)) for k in range(32)]
    for thread in threads:
        thread.start()
    ready.wait()
    while len(saved) < 20:
        pass
    store.close()
    for thread in threads:
        thread.join()
    if not path:
        return [ends, [], [], []]
    with SQLiteStore(path) as again:
        lost = set(saved) - set(again.ids())
    return [ends, sorted(lost), descriptors(path), own_threads()]


@pytest.mark.parametrize("where", ["file", "memory"])
def test_closing_while_threads_work(path, where):
    """Each call ends in its result or `StoreClosed`, and what returned is there (threat 44)."""
    result = outcome(closed_under_them, path if where == "file" else "")
    assert [{"closed": 32}, [], [], []] == result


def closed_by_many(path):
    store = SQLiteStore(path)
    store.set("a", {})
    in_threads(16, lambda k: store.close())
    with pytest.raises(StoreClosed):
        store.get("a")
    return [descriptors(path), own_threads()]


def test_closing_in_many_threads(path):
    """All return, when it is closed (threat 44)."""
    assert [[], []] == outcome(closed_by_many, path)


def same_new_id(path):
    from connect_sqlite import SessionExists

    store = SQLiteStore(path)
    made = Counter()

    def create(k):
        for n in range(30):
            try:
                store.create(str(n), {"k": k})
                made[n] += 1
            except SessionExists:
                continue

    in_threads(16, create)
    return [len(made), set(made.values()) == {1}]


def test_creating_one_id_in_many_threads(path):
    """Exactly one of them makes it (threats 3, 44)."""
    assert [30, True] == outcome(same_new_id, path)


def merged_by_many(path):
    store = SQLiteStore(path)
    store.set("a", {})
    in_threads(16, lambda k: [store.merge("a", {f"{k}-{n}": n}) for n in range(20)])
    return len(store.get("a"))


def test_merging_into_one_session_in_many_threads(path):
    """No change is lost (threats 23, 44)."""
    assert 320 == outcome(merged_by_many, path)


def read_your_writes(path):
    store = SQLiteStore(path)
    wrong = []

    def work(k):
        for n in range(200):
            store.set(str(k), {"n": n})
            if store.get(str(k)) != {"n": n}:
                wrong.append(n)

    in_threads(8, work)
    return wrong


def test_a_thread_reads_what_it_wrote(path):
    """At once, whichever connection it reads on."""
    assert [] == outcome(read_your_writes, path)
