"""The same model behind a plain Flask app, as one writes it in ten minutes.

Served by Flask's own server (``python with_flask.py PORT``), or by gunicorn (``with_flask:app``).
"""

from __future__ import annotations

import json
import sys

import cv2
from flask import Flask, jsonify, request

from tenfold.reader.reader import Reader
from tenfold.server.bodies import Drawing
from tenfold.server.rasterise import rasterise

app = Flask(__name__)
cv2.setNumThreads(1)
reader = Reader()


@app.post("/v1/read")  # type: ignore[misc,untyped-decorator,unused-ignore]
def read() -> object:
    """Read the picture that is the body, or the strokes in it."""
    content = request.get_data()
    if request.mimetype == "application/json":
        return jsonify(
            reader.read(rasterise(Drawing.model_validate(json.loads(content)))).to_dict()
        )
    return jsonify(reader.read(content).to_dict())


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
