"""
The portal's page in little: a stand-in for its frontend where its image isn't.

`python -m examples.site` serves it: datasets and runs from the API, drawn by the server, and a slice of a tomogram that
the browser reads from the data CDN. Nothing is built beforehand.
"""
