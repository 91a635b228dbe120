"""swipe's scenarios that concern its image, by their names, and what its clients see beyond them."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import WDL
from WDL import Zip

from localcloud.runner import exits
from tests.localcloud.conftest import Cloud
from tests.localcloud.runner_jobs import Jobs
from tests.localcloud.runner_workflows import THREE_TASKS, WORDS, one_task, task, workflow

CACHE = {"MINIWDL__CALL_CACHE__GET": "true", "MINIWDL__CALL_CACHE__PUT": "true"}


@pytest.fixture
def jobs(cloud: Cloud, tmp_path: Path) -> Jobs:
    return Jobs(cloud, tmp_path)


def test_simple(jobs: Jobs) -> None:
    """Outputs are named by their URIs, flat beside the output document."""
    process = jobs.start(jobs.put("test-v1.0.0.wdl", THREE_TASKS), {"hello": jobs.put("input.txt", "hello\n")})
    log, _ = process.communicate(timeout=60)
    assert process.returncode == 0, log
    assert jobs.output() == {f"swipe_test.out_{word}": jobs.uri(f"out_{word}.txt") for word in WORDS}
    assert jobs.text("out_farewell.txt") == "hello\nworld\ngoodbye\nfarewell\n"


def test_https_input(jobs: Jobs, web: str) -> None:
    """A File input that is a web address is fetched."""
    status = jobs.run(jobs.put("test-v1.0.0.wdl", THREE_TASKS), {"hello": f"{web}/README.md"})
    assert status == 0
    assert jobs.text("out_world.txt") == "from the web\nworld\n"


def test_failing(jobs: Jobs) -> None:
    """A task that fails gives its last words and its own exit status, which is the job's too."""
    wdl = one_task("echo 'no such volume' >&2; exit 3", 'File out = "out.txt"', "File out = work.out")
    status = jobs.run(jobs.put("fail.wdl", wdl), {"hello": jobs.put("input.txt", "hello\n")})
    assert status == 3
    output = jobs.output()
    assert (output["error"], output["cause"], output["exit_status"]) == ("UncaughtError", "no such volume", 3)


def test_failing_says_why_itself(jobs: Jobs) -> None:
    """The document that a program writes about its failure is handed on as it is, and the status file knows it."""
    said = {"wdl_error_message": True, "error": "InvalidInputFileError", "cause": "not an MRC file"}
    wdl = one_task(f"echo '{json.dumps(said)}' >&2; exit 1")
    inputs = {"hello": jobs.put("input.txt", "hello\n")}
    status = jobs.run(jobs.put("fail.wdl", wdl), inputs, OUTPUT_STATUS_JSON_FILES="true")
    assert (status, jobs.output()) == (1, said)
    assert json.loads(jobs.text("test_status2.json"))["work"]["status"] == "user_errored"


def test_failing_otherwise(jobs: Jobs) -> None:
    """A failure that is no command's is a RunFailed with its cause inside."""
    wdl = jobs.put("test.wdl", one_task("true", 'File out = "missing.txt"', "File out = work.out"))
    status = jobs.run(wdl, {"hello": jobs.put("input.txt", "hello\n")})
    assert (status, jobs.output()["error"], jobs.output()["cause"]["error"]) == (
        exits.RUN_FAILED,
        "RunFailed",
        "OutputError",
    )


@pytest.mark.parametrize(
    ("wdl", "inputs", "error"),
    [
        ("version 1.0\nworkflow x {", {}, "SyntaxError"),
        (one_task("true"), {}, "InputError"),
        (one_task("true"), {"hello": "/etc/passwd"}, "InputError"),
        (one_task("true"), {"hello": "s3://{bucket}/absent"}, "RunFailed"),
    ],
    ids=["no WDL", "input missing", "file of the host", "object missing"],
)
def test_bad_input(jobs: Jobs, wdl: str, inputs: dict[str, str], error: str) -> None:
    """What can't run is said in the output document."""
    filled = {name: value.format(bucket=jobs.bucket) for name, value in inputs.items()}
    status = jobs.run(jobs.put("test.wdl", wdl), filled)
    assert (status, jobs.output()["error"]) == (exits.RUN_FAILED, error)


def test_job_without_uris_is_refused(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    """A job that doesn't say where its output goes names the variables that are wrong."""
    status = jobs.run("https://example.com/x.wdl", {}, WDL_OUTPUT_URI="s3://bucket")
    assert status == exits.REFUSED
    assert "WDL_WORKFLOW_URI='https://example.com/x.wdl'" in caplog.text
    assert "WDL_OUTPUT_URI='s3://bucket'" in caplog.text


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        *(
            (name, "", f"must be set, as the image's entry point needs them: {name}")
            for name in ("APP_NAME", "MINIWDL_DIR", "DOWNLOAD_CACHE_MAX_GB", "SFN_CURRENT_STATE")
        ),
        *((f"WDL_{what}_URI", "", f": WDL_{what}_URI") for what in ("WORKFLOW", "INPUT", "OUTPUT")),
        ("DOWNLOAD_CACHE_MAX_GB", "18G", "must be a whole number: DOWNLOAD_CACHE_MAX_GB='18G'"),
    ],
)
def test_job_without_what_the_images_entry_point_needs_is_refused(
    jobs: Jobs, caplog: pytest.LogCaptureFixture, name: str, value: str, says: str
) -> None:
    """On AWS it would fail too, some of it after hours of work."""
    wdl, inputs = jobs.put("test.wdl", one_task("true")), {"hello": jobs.put("in.txt", "")}
    assert jobs.run(wdl, inputs, **{name: value}) == exits.REFUSED
    assert says in caplog.text
    assert jobs.objects() == ["run_input.json"]


def test_staged(jobs: Jobs) -> None:
    """Two stages, the second fed with the first one's output, leave both outputs in one folder."""
    assert jobs.run(jobs.put("one.wdl", THREE_TASKS), {"hello": jobs.put("in.txt", "hello\n")}, "one") == 0
    two = one_task(
        "cat ~{hello} > happy.txt; echo ':)' >> happy.txt", 'File happy = "happy.txt"', "File happy = work.happy"
    )
    status = jobs.run(jobs.put("two.wdl", two), {"hello": jobs.output("one")["swipe_test.out_world"]}, "two")
    assert status == 0
    assert jobs.text("happy.txt") == "hello\nworld\n:)\n"
    assert {"one_output.json", "two_output.json", "out_world.txt"} <= set(jobs.objects())


def test_temp_tag(jobs: Jobs) -> None:
    """What a task leaves beyond the workflow's outputs is tagged as intermediate; outputs have no tag."""
    wdl = one_task(
        "echo hi > out.txt; echo rest > temporary.txt",
        'File out = "out.txt"\nFile temporary = "temporary.txt"',
        "File out = work.out",
    )
    status = jobs.run(jobs.put("test.wdl", wdl), {"hello": jobs.put("input.txt", "hello\n")})
    assert status == 0
    assert jobs.tags("temporary.txt") == {"intermediate_output": "true"}
    assert jobs.tags("out.txt") == {}


def test_call_cache(jobs: Jobs) -> None:
    """A rerun takes what was cached, on whatever host, and repeats only what wasn't."""
    wdl, inputs = jobs.put("test.wdl", THREE_TASKS), {"hello": jobs.put("input.txt", "hello\n")}
    assert jobs.run(wdl, inputs, **CACHE) == 0
    assert jobs.tags(next(key for key in jobs.objects() if key.startswith("cache/"))) == {"intermediate_output": "true"}
    jobs.put(f"{jobs.prefix}/out_goodbye.txt", "cache_break\n")
    forgotten = [key for key in jobs.objects() if key.startswith(("cache/swipe_test/", "cache/add_farewell/"))]
    assert len(forgotten) == 2
    for key in [*forgotten, "out_farewell.txt", "run_output.json"]:
        jobs.s3.delete_object(Bucket=jobs.bucket, Key=f"{jobs.prefix}/{key}")
    status = jobs.run(wdl, inputs, **CACHE)
    assert status == 0
    assert jobs.text("out_farewell.txt") == "cache_break\nfarewell\n"
    assert jobs.output() == {f"swipe_test.out_{word}": jobs.uri(f"out_{word}.txt") for word in WORDS}


def test_call_cache_entry_without_its_file(jobs: Jobs) -> None:
    """A cached task whose output is gone runs again."""
    wdl, inputs = jobs.put("test.wdl", THREE_TASKS), {"hello": jobs.put("input.txt", "hello\n")}
    assert jobs.run(wdl, inputs, **CACHE) == 0
    jobs.s3.delete_object(Bucket=jobs.bucket, Key=f"{jobs.prefix}/out_world.txt")
    assert jobs.run(wdl, inputs, **CACHE) == 0
    assert jobs.text("out_world.txt") == "hello\nworld\n"


def test_zip(jobs: Jobs, tmp_path: Path) -> None:
    """A `.wdl.zip` with an imported workflow inside runs."""
    (tmp_path / "sub.wdl").write_text(THREE_TASKS.replace("swipe_test", "sub"))
    (tmp_path / "run.wdl").write_text(
        'version 1.0\nimport "sub.wdl" as s\nworkflow swipe_test { input { File hello }\n'
        "call s.sub { input: hello = hello }\noutput { File out = sub.out_world } }\n"
    )
    Zip.build(WDL.load(str(tmp_path / "run.wdl")), str(tmp_path / "test.wdl.zip"), logging.getLogger("zip"))
    uri = jobs.put("test-v1.0.0.wdl.zip", (tmp_path / "test.wdl.zip").read_bytes())
    status = jobs.run(uri, {"hello": jobs.put("input.txt", "hello\n")})
    assert status == 0
    assert jobs.text("out_world.txt") == "hello\nworld\n"


def test_status_file(jobs: Jobs) -> None:
    """Each task ends as uploaded, with its times; a rerun out of the cache keeps that."""
    wdl, inputs = jobs.put("test.wdl", THREE_TASKS), {"hello": jobs.put("input.txt", "hello\n")}
    for _ in range(2):
        assert jobs.run(wdl, inputs, OUTPUT_STATUS_JSON_FILES="true", **CACHE) == 0
        tasks = json.loads(jobs.text("test_status2.json"))
        assert {name: entry["status"] for name, entry in tasks.items()} == {f"add_{word}": "uploaded" for word in WORDS}
        assert all(entry["start_time"] <= entry["end_time"] and entry["error"] is None for entry in tasks.values())


def test_literal_workflow_output(jobs: Jobs) -> None:
    """An output file named by a literal, as most of the portal's workflows have one, is given back as that name."""
    wdl = one_task("echo done > output.txt", 'File log = "output.txt"', 'File log = "output.txt"')
    status = jobs.run(jobs.put("test.wdl", wdl), {"hello": jobs.put("input.txt", "hello\n")})
    assert status == 0
    assert jobs.output() == {"swipe_test.log": "output.txt"}
    assert jobs.text("output.txt") == "done\n"


def test_files_of_workflow_and_equal_names(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    """Lists, files that the workflow itself wrote and equal names of two tasks find their place."""
    write = task("write", "echo ~{word} > same.txt", 'File same = "same.txt"', "String word")
    join = task("join", "cat ~{sep=' ' parts} > all.txt", 'File all = "all.txt"', "Array[File] parts")
    wdl = workflow(
        write + join,
        'scatter (word in ["a", "b"]) { call write { input: word = word } }\ncall join { input: parts = write.same }',
        'File all = join.all\nFile lines = write_lines(["x", "y"])\nArray[File] parts = write.same',
    )
    status = jobs.run(jobs.put("test.wdl", wdl), {"hello": jobs.put("input.txt", "")})
    assert status == 0
    assert jobs.text("all.txt") == "a\nb\n"  # inside the run each task's own file was taken
    assert "two outputs have the name" in caplog.text
    output = jobs.output()
    assert output["swipe_test.parts"] == [jobs.uri("same.txt")] * 2
    lines = output["swipe_test.lines"].removeprefix(f"s3://{jobs.bucket}/{jobs.prefix}/")
    assert jobs.text(lines) == "x\ny\n"


@pytest.fixture
def web() -> Iterator[str]:
    """A web server with one file."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"from the web\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - says nothing
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
