#!/usr/bin/env python3
"""A broker that asks who is there: TLS with a certificate of its own, PLAIN, SCRAM, and OAUTHBEARER from a token file."""
import base64
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kafka_tools import case_parser, free_ports, run_on_broker

DATA = Path(__file__).resolve().parent.parent / "data"
USAGE = DATA / "cur_2026-06_hourly_normalized.csv.gz"
PASSWORD = "s3cret-of-the-biller"


def make_certificates(folder):
    """An authority, and a broker's certificate for 127.0.0.1 signed by it."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
                "-out", f"{name}.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker", "-keyout", "broker.key", "-out", "broker.csr")
    openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "broker.pem")
    (folder / "store.pem").write_text((folder / "broker.key").read_text() + (folder / "broker.pem").read_text())


def broker_properties(folder, plain, secure, controller):
    login = "org.apache.kafka.common.security"
    return {
        "listeners": f"PLAINTEXT://127.0.0.1:{plain},SECURE://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},SECURE://127.0.0.1:{secure}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "true",  # a topic of which an ACL speaks is closed to all others
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": folder / "store.pem",
        "listener.name.secure.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN,OAUTHBEARER",
        "listener.name.secure.scram-sha-512.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;",
        "listener.name.secure.plain.sasl.jaas.config":
            f'{login}.plain.PlainLoginModule required user_biller="{PASSWORD}";',
        "listener.name.secure.oauthbearer.sasl.jaas.config":
            f'{login}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
    }


def add_user(broker, libs):
    subprocess.run(["java", "-cp", f"{libs}/*", "kafka.admin.ConfigCommand", "--bootstrap-server", broker.bootstrap, "--alter",
                    "--add-config", f"SCRAM-SHA-512=[password={PASSWORD}]", "--entity-type", "users", "--entity-name",
                    "biller"], check=True, capture_output=True)


def token(seconds):
    """Not signed: a broker without a key server of its own takes such ones."""
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    now = int(time.time())
    return f"{part({'alg': 'none'})}.{part({'sub': 'biller', 'iat': now, 'exp': now + seconds})}."


class Installation:
    """Settings of one way to log in."""

    def __init__(self, context, name, **settings):
        self.context, self.name = context, name
        values = {"kafka.bootstrap.servers": f"127.0.0.1:{context.secure}", "kafka.security.protocol": "sasl_ssl",
                  "kafka.ssl.ca.location": context.folder / "ca.pem", "topic.prefix": f"{name}.", "group.id": name,
                  "format": "json", "replication.factor": 1, "partitions.usage": 2, "partitions.tier": 1, "partitions.bill": 1,
                  "workers": 1, "http.listen": "", "state.dir": context.folder / f"state-{name}", **settings}
        self.sets = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
        self.log = context.folder / f"{name}.log"

    def command(self, *words, check=True):
        done = subprocess.run([self.context.proforma, *map(str, words), *self.sets], capture_output=True, text=True, timeout=120)
        with open(self.log, "a") as log:
            log.write(done.stdout + done.stderr)
        assert not check or done.returncode == 0, done.stderr
        return done

    def price_the_month(self):
        self.command("topics", "create")
        self.command("apply", "--conductor", DATA / "conductor.json")
        self.command("import", USAGE)
        with open(self.log, "ab") as log:
            process = subprocess.Popen([self.context.proforma, "run", *self.sets], stdout=log, stderr=log)
        end = time.monotonic() + 60
        while len(self.context.topics.consume(f"{self.name}.line-items")) < 5000 and process.poll() is None:
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0, self.log.read_text()[-3000:]
        return self.log.read_text()


def password_file(folder, password):
    """Nobody else may read it: a secret that others can read is refused."""
    path = folder / "password"
    path.touch(mode=0o600)
    path.write_text(password + "\n")
    return f"${{file:{path}}}"


def scram_is_let_in_or_told_which_librdkafka_it_needs(context):
    """Before 2.6.1 librdkafka answers brokers of today wrongly, which they take for a wrong password."""
    done = Installation(context, "scram", **{
        "kafka.sasl.mechanisms": "SCRAM-SHA-512", "kafka.sasl.username": "biller",
        "kafka.sasl.password": password_file(context.folder, PASSWORD)}).command("topics", "create", check=False)
    told = done.returncode == 1 and "uthentication failed" in done.stderr and "of librdkafka 2.6.1 or later" in done.stderr
    assert done.returncode == 0 or told, done.stderr


def a_password_over_tls(context):
    log = Installation(context, "plain", **{
        "kafka.sasl.mechanisms": "PLAIN", "kafka.sasl.username": "biller",
        "kafka.sasl.password": password_file(context.folder, PASSWORD)}).price_the_month()
    assert PASSWORD not in log


def a_wrong_password_is_told(context):
    done = Installation(context, "wrong", **{"kafka.sasl.mechanisms": "PLAIN", "kafka.sasl.username": "biller",
                                             "kafka.sasl.password": password_file(context.folder, "guessed")}).command("topics", "create", check=False)
    assert done.returncode == 1 and "uthentication failed" in done.stderr, done.stderr
    assert "guessed" not in done.stderr


def another_authority_is_not_trusted(context):
    done = Installation(context, "stranger", **{
        "kafka.sasl.mechanisms": "PLAIN", "kafka.sasl.username": "biller",
        "kafka.sasl.password": password_file(context.folder, PASSWORD), "kafka.ssl.ca.location": context.folder / "other.pem"}).command("topics", "create", check=False)
    assert done.returncode == 1 and "certificate verify failed" in done.stderr, done.stderr


def a_token_from_a_file(context):
    path = context.folder / "token"
    path.write_text(token(600) + "\n")
    log = Installation(context, "bearer", **{"kafka.sasl.mechanisms": "OAUTHBEARER", "oauth.token.file": path}).price_the_month()
    assert path.read_text().strip() not in log


def a_token_that_is_over_is_told(context):
    path = context.folder / "old-token"
    path.write_text(token(-10))
    done = Installation(context, "over", **{"kafka.sasl.mechanisms": "OAUTHBEARER", "oauth.token.file": path}).command(
        "topics", "create", check=False)
    assert done.returncode == 1 and str(path) in done.stderr and "which is over" in done.stderr, done.stderr


def a_right_that_is_missing_is_told(context):
    login = {"kafka.sasl.mechanisms": "PLAIN", "kafka.sasl.username": "biller",
             "kafka.sasl.password": password_file(context.folder, PASSWORD)}
    for number, (kind, name, rights, told) in enumerate([
            ("topic", "usage", [], "usage: the broker denies the right to describe it"),
            ("topic", "usage", ["describe"], "its configuration cannot be read: Broker: Topic authorization failed"),
            ("topic", "line-items", ["read", "describe", "configs"], "cannot commit: "),
            ("topic", "usage", ["describe", "configs"], "reading: "),
            ("group", "", [], "Group authorization failed")]):
        installation = Installation(context, f"denied{number}", **login)
        installation.command("topics", "create")
        installation.command("apply", "--conductor", DATA / "conductor.json")
        installation.command("import", USAGE)
        resource = f"denied{number}.{name}" if kind == "topic" else f"denied{number}"
        for principal, right in [("User:another", "all"), *(("User:biller", right) for right in rights)]:
            context.topics.grant(principal, kind, resource, right)
        done = installation.command("run", check=False)
        assert done.returncode == 1 and told in done.stderr.splitlines()[-1], (kind, name, rights, done.stderr[-2000:])


CASES = [a_right_that_is_missing_is_told, a_password_over_tls, scram_is_let_in_or_told_which_librdkafka_it_needs, a_wrong_password_is_told, another_authority_is_not_trusted, a_token_from_a_file,
         a_token_that_is_over_is_told]


def let_in(context):
    add_user(context.broker, Path(__file__).resolve().parent.parent.parent / "build" / "kafka" / "libs")


def main():
    context = case_parser(__doc__, seed=False).parse_args()
    plain, context.secure, controller = free_ports(3)
    with tempfile.TemporaryDirectory() as folder:
        context.folder = Path(folder)
        make_certificates(context.folder)
        properties = broker_properties(context.folder, plain, context.secure, controller)
        return run_on_broker(CASES, context, let_in, port=plain, properties=properties)


if __name__ == "__main__":
    sys.exit(main())
