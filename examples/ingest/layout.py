"""The portal's keys: where in a bucket the parts of a dataset are. Every key may have a prefix before it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Keys of one run of a dataset; `prefix` is "" or ends with a slash."""

    prefix: str
    dataset: int
    run: str

    @property
    def dataset_metadata(self) -> str:
        return f"{self.prefix}{self.dataset}/dataset_metadata.json"

    @property
    def run_metadata(self) -> str:
        return f"{self.prefix}{self.dataset}/{self.run}/run_metadata.json"

    @property
    def reconstructions(self) -> str:
        """The folder of all voxel spacings, with a slash at its end."""
        return f"{self.prefix}{self.dataset}/{self.run}/Reconstructions/"

    def tomograms(self, spacing: float) -> str:
        """The folder of the tomograms of one voxel spacing (angstrom), with a slash at its end."""
        return f"{self.reconstructions}VoxelSpacing{spacing:.3f}/Tomograms/"

    def tomogram(self, spacing: float, identifier: int) -> "TomogramKeys":
        return TomogramKeys(folder=f"{self.tomograms(spacing)}{identifier}/", run=self.run)


@dataclass(frozen=True, kw_only=True)
class TomogramKeys:
    """Keys of one tomogram."""

    folder: str
    run: str

    @property
    def mrc(self) -> str:
        return f"{self.folder}{self.run}.mrc"

    @property
    def zarr(self) -> str:
        """The folder of the OME-Zarr, without a slash at its end."""
        return f"{self.folder}{self.run}.zarr"

    @property
    def metadata(self) -> str:
        return f"{self.folder}tomogram_metadata.json"


def split_output_path(path: str) -> tuple[str, str]:
    """Bucket and prefix of `bucket` or `bucket/prefix`; the prefix is "" or ends with a slash.

    Raises:
        ValueError: there is no bucket
    """
    bucket, _, prefix = path.removeprefix("s3://").partition("/")
    if not bucket:
        raise ValueError(f"no bucket in the output path {path!r}")
    return bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
