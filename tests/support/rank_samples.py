"""Sample papers for the ranking's tests, written for them: about the neuromuscular junction, about its noise, about neither."""

from __future__ import annotations

from watcher.domain import Article, Heading, Journal, ResolvedSeed, Seed, pubmed_id

SAMPLE = Journal(title="Sample Journal of Invented Results")

AGRIN = Article(
    record_id=pubmed_id(1),
    journal=SAMPLE,
    title="Agrin keeps the neuromuscular junction of old mice",
    abstract=(
        "The neuromuscular junction (NMJ) loses its shape with age. We gave neural agrin to old mice and counted fragmented endplates. "
        "Acetylcholine receptors stayed clustered under the motor nerve terminal, and perisynaptic Schwann cells covered the NMJs. "
        "Neuromuscular transmission and grip strength improved. Agrin may therefore protect motor neurons from denervation."
    ),
    keywords=("agrin", "sarcopenia"),
    headings=(
        Heading("Neuromuscular Junction", "D009469", major=True),
        Heading("Animals", "D000818", major=False),
        Heading("Agrin", "D017489", major=True),
    ),
)
MUSK = Article(
    record_id=pubmed_id(2),
    journal=SAMPLE,
    title="MuSK signalling at the motor endplate in congenital myasthenic syndromes",
    abstract=(
        "Congenital myasthenic syndromes arise from faults of the neuromuscular junction. In three families we found variants of MuSK. "
        "Clusters of acetylcholine receptors were small, and the motor nerve terminal sprouted. A beta agonist restored neuromuscular "
        "transmission in two patients."
    ),
    headings=(Heading("Myasthenic Syndromes, Congenital", "D020294", major=True),),
)
ENDPLATE = Article(
    record_id=pubmed_id(3),
    journal=SAMPLE,
    title="Cartilage of the vertebral endplate under load",
    abstract=(
        "Endplates of lumbar vertebrae feed the intervertebral disc. We measured their stiffness by indentation in bovine spines and "
        "found that porous endplates failed first. Disc degeneration followed."
    ),
)
WHEAT = Article(
    record_id=pubmed_id(4),
    journal=SAMPLE,
    title="Drought and the yield of winter wheat",
    abstract="Wheat was grown at three levels of soil water. Yield fell with drought, most in the variety with shallow roots.",
)

_PARTS = Article(
    record_id=pubmed_id(5),
    journal=SAMPLE,
    title="Synapse loss at the neuromuscular junction in ageing and in motor neuron disease",
    abstract=(
        "The neuromuscular junction is where motor neurons meet muscle fibres. Ageing and amyotrophic lateral sclerosis begin there: nerve "
        "terminals withdraw, acetylcholine receptors disperse, perisynaptic Schwann cells retract. We review how agrin, MuSK and LRP4 "
        "build the synapse, and how neuromuscular transmission could be kept."
    ),
    headings=(Heading("Neuromuscular Junction", "D009469", major=True), Heading("Humans", "D006801", major=False)),
)
AGEING = ResolvedSeed(Seed("nmj/ageing.txt", "", "0" * 64, title=_PARTS.title, abstract=_PARTS.abstract), _PARTS, "title")
RECEPTORS = ResolvedSeed(
    Seed(
        "nmj/receptors.md",
        "",
        "1" * 64,
        title="Clustering of acetylcholine receptors",
        notes="Agrin released by motor neurons clusters acetylcholine receptors under the nerve terminal through LRP4 and MuSK.",
    )
)
CROPS = ResolvedSeed(Seed("crops/wheat.txt", "", "2" * 64, title=WHEAT.title, abstract=WHEAT.abstract))
