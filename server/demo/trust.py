"""How a phone learns to trust the demo's certificate: one file by plain HTTP, and words for each kind of device.

The file cannot come over the HTTPS it is needed for, so a tiny server beside the demo hands out that one public
certificate and nothing else: `python -m server.demo.trust FILE HOST PORT`.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CA_PATH = "/doorstep-ca.crt"
CA_TYPE = "application/x-x509-ca-cert"


def trust_words(ca_file: Path, ca_url: str | None, fingerprint: str) -> str:
    """What to do on each device, for the terminal. `ca_url` is None when the small server could not be started."""
    where = f"open {ca_url} on it" if ca_url else f"copy {ca_file} to it"
    return "\n".join(
        [
            f"To trust this demo on a phone or another computer, {where}, then:",
            "  Android   Settings > Security > More security settings > Encryption & credentials >",
            "            Install a certificate > CA certificate > choose doorstep-ca.crt",
            "  iPhone    Safari > allow the profile; Settings > General > VPN & Device Management > install;",
            "            then Settings > General > About > Certificate Trust Settings > switch it on",
            "  Desktop   Chrome: Settings > Privacy and security > Security > Manage certificates > import it",
            "            as an authority; Firefox: Settings > Privacy & Security > View Certificates > Authorities",
            f"  Compare its SHA-256 fingerprint before you accept it: {fingerprint}",
            "It vouches for local addresses only. Remove it from the device when you have seen enough.",
        ]
    )


def make_server(ca_file: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers CA_PATH with the certificate and everything else with 404."""
    body = ca_file.read_bytes()

    class Handler(BaseHTTPRequestHandler):
        server_version = "doorstep-trust"
        sys_version = ""

        def do_GET(self) -> None:
            """The one file."""
            if self.path != CA_PATH:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", CA_TYPE)
            self.send_header("Content-Disposition", 'attachment; filename="doorstep-ca.crt"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Say nothing: the terminal belongs to the demo."""

    return ThreadingHTTPServer((host, port), Handler)


def main(arguments: list[str]) -> int:
    """FILE HOST PORT; serves until it is stopped."""
    ca_file, host, port = arguments
    make_server(Path(ca_file), host, int(port)).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
