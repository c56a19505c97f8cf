"""What the tests of serve share: a server, a signed client, and how a refusal is looked at."""
import argparse
import json
import os
import signal
import subprocess
import time
import traceback
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


class Server:
    """proforma serve, until the end of a with block. `arguments` are its own."""

    def __init__(self, proforma, arguments, log):
        self.command = [proforma, "serve", *map(str, arguments)]
        self.log = log

    def __enter__(self):
        self.start()
        return self

    def start(self):
        errors = open(self.log, "ab")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=errors, text=True)
        self.url = self.process.stdout.readline().strip().rstrip("/")
        assert self.url, open(self.log).read()[-3000:]

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code

    def __exit__(self, *_):
        code = self.stop()
        assert code == 0, (code, open(self.log).read()[-3000:])

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def client(url, key="anyone", secret="any secret", region="us-east-1", **config):
    return boto3.client("billingconductor", endpoint_url=url, region_name=region, aws_access_key_id=key,
                        aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}, **config))


def refused(name, reason, call, **arguments):
    """The call fails with the exception and one of the reasons (None: any); the answer is returned."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        answer = error.response
        code = answer["Error"]["Code"]
        assert code == name, (code, answer)
        reasons = (reason,) if isinstance(reason, str) else reason
        assert reasons is None or answer.get("Reason") in reasons, answer
        assert code not in ("ValidationException", "ConflictException") or answer.get("Reason"), answer
        if answer.get("Reason") == "FIELD_VALIDATION_FAILED":
            assert answer["Fields"] and all(f["Name"] and f["Message"] for f in answer["Fields"]), answer
        return answer
    raise AssertionError(f"not refused: {answer}")


def invalid(reason, call, **arguments):
    return refused("ValidationException", reason, call, **arguments)


def missing(call, **arguments):
    answer = refused("ResourceNotFoundException", None, call, **arguments)
    assert answer["ResourceId"] and answer["ResourceType"], answer
    return answer


def conflict(reason, call, **arguments):
    return refused("ConflictException", reason, call, **arguments)


def request(url, method="GET", body=None, headers=None):
    """Status, headers and body, whatever the status."""
    wanted = urllib.request.Request(url, method=method, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(wanted, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def get(url, headers=None):
    status, _, body = request(url, headers=headers)
    assert status == 200, (status, body)
    return json.loads(body)


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def cases(module, context, only):
    """Runs the functions case_… of a module in the order in which they stand there. The number of failures, at most 1."""
    failed = 0
    for name, function in list(module.items()):
        if not name.startswith("case_") or (only and not any(part in name for part in only)):
            continue
        begun = time.monotonic()
        try:
            function(context)
            print(f"passed {name} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception:
            failed = 1
            print(f"FAILED {name}\n{traceback.format_exc()[-3000:]}", flush=True)
    return failed


def command_line(*more):
    """--proforma and --only, and what else has to be given; proxies of the environment are none of a test's."""
    parser = argparse.ArgumentParser()
    for name in ("--proforma", *more):
        parser.add_argument(name, required=True)
    parser.add_argument("--only", action="append")
    free_of_proxies()
    return parser.parse_args()


def free_of_proxies():
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "AWS_PROFILE"):
        os.environ.pop(name, None)
