"""A stand-in for the Hub: a real HTTP server with the paths that an upload asks for."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub:
    """Takes uploads, as git blobs or in the storage of large files.

    Attributes:
        asked: method and path of each request; made: the requests that made a repository.
        files: repository → name → content.
        refuses: status for everything but the question of the token's owner; 0: nothing.
    """

    def __init__(self, token: str, owner: str = "me") -> None:
        self.token, self.owner = token, owner
        self.asked: list[str] = []
        self.made: list[dict] = []
        self.files: dict[str, dict[str, bytes]] = {}
        self.refuses = 0
        self._large: dict[str, bytes] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size)
                outer.asked.append(f"{self.command} {self.path}")
                status, reply = outer._answer(self.command, self.path, self.headers, body)
                said = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_PUT = answer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _answer(self, method, path, headers, body):
        if method == "PUT":  # addressed by an earlier reply, without the token
            self._large[path.rpartition("/")[2]] = body
            return 200, {}
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"error": f"Invalid token {headers.get('Authorization')}"}
        if path == "/api/whoami-v2":
            return 200, {"name": self.owner, "type": "user", "orgs": [{"name": "our-org"}]}
        if self.refuses:
            return self.refuses, {"error": "no more room"}
        if path == "/api/repos/create":
            made = json.loads(body)
            self.made.append(made)
            repo = f"{made.get('organization') or self.owner}/{made['name']}"
            self.files.setdefault(repo, {})
            return 200, {"url": f"{self.url}/{repo}"}
        repo = "/".join(path.removeprefix("/api/models").split("/")[1:3]).removesuffix(".git")
        if "/preupload/" in path:
            return 200, {"files": [self._mode(file) for file in json.loads(body)["files"]]}
        if path.endswith("/info/lfs/objects/batch"):
            return 200, self._batch(json.loads(body))
        if "/commit/" in path:
            self._commit(repo, body)
            url = f"{self.url}/{repo}/commit/1"
            return 200, {"success": True, "commitUrl": url, "commitOid": "1"}
        return 200, {"id": repo, "sha": "0", "siblings": []}

    @staticmethod
    def _mode(file):
        large = file["path"].endswith((".safetensors", ".gguf"))
        return {
            "path": file["path"],
            "uploadMode": "lfs" if large else "regular",
            "shouldIgnore": False,
        }

    def _batch(self, request):
        objects = [
            {**one, "actions": {"upload": {"href": f"{self.url}/large/{one['oid']}"}}}
            for one in request["objects"]
        ]
        return {"transfer": "basic", "objects": objects}

    def _commit(self, repo, body):
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.files[repo][value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[repo][value["path"]] = self._large[value["oid"]]
