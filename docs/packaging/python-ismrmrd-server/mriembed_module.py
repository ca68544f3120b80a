"""A module of python-ismrmrd-server: returns the embedding of each slice as soon as the slice is whole.

Put it beside the server's main.py and choose the configuration `mriembed_module`. MRIEMBED_MODEL names the model file.
"""

import logging
import os

import ismrmrd
import numpy as np

import mriembed
from mriembed import live

EMBEDDER = mriembed.Embedder.load(os.environ["MRIEMBED_MODEL"])


def process(connection, _config, metadata) -> None:
    """Called by the server for each session: sends one image of 1 x embed_dim pixels for each slice."""
    header = metadata if isinstance(metadata, str) else metadata.toXML()
    lines = (item for item in connection if isinstance(item, ismrmrd.Acquisition))
    try:
        for row in live.embeddings(EMBEDDER, header, lines):
            image = ismrmrd.Image.from_array(row.embedding[np.newaxis, :], transpose=False)
            image.image_series_index = 100
            image.slice, image.repetition = row.label.slice, row.label.repetition
            connection.send_image(image)
    except mriembed.Error as error:
        logging.error("no embedding: %s", error)
    finally:
        connection.send_close()
