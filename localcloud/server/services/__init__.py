"""The services: each folder is one, with one ``SERVICE`` (:mod:`localcloud.server.service`)."""
