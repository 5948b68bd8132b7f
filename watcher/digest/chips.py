"""The small labels of a paper: publication types worth telling, and MeSH check tags, in one fixed order."""

from __future__ import annotations

from watcher.domain import Article

# (PubMed's publication type, how it reads). What a reader must be warned of stands first, then evidence, then form.
_TYPES = (
    ("Retraction of Publication", "Retraction notice"),
    ("Retraction Notice", "Retraction notice"),
    ("Retracted Publication", "Retracted"),
    ("Expression of Concern", "Expression of concern"),
    ("Published Erratum", "Erratum"),
    ("Corrected and Republished Article", "Corrected and republished"),
    ("Preprint", "Preprint"),
    ("Systematic Review", "Systematic review"),
    ("Meta-Analysis", "Meta-analysis"),
    ("Practice Guideline", "Guideline"),
    ("Guideline", "Guideline"),
    ("Randomized Controlled Trial", "Randomized trial"),
    ("Clinical Trial Protocol", "Trial protocol"),
    ("Clinical Trial", "Clinical trial"),
    ("Observational Study", "Observational study"),
    ("Case Reports", "Case report"),
    ("Review", "Review"),
    ("Dataset", "Dataset"),
    ("Editorial", "Editorial"),
    ("Comment", "Comment"),
    ("Letter", "Letter"),
)
# MeSH check tags and the model organisms' headings, as NLM's indexers assign them to nearly every record.
_ORGANISMS = (
    ("Humans", "Humans"),
    ("Mice", "Mice"),
    ("Rats", "Rats"),
    ("Zebrafish", "Zebrafish"),
    ("Drosophila", "Drosophila"),
    ("Drosophila melanogaster", "Drosophila"),
    ("Caenorhabditis elegans", "C. elegans"),
    ("Xenopus laevis", "Xenopus"),
    ("Chick Embryo", "Chick"),
    ("Swine", "Pigs"),
    ("Macaca mulatta", "Macaques"),
    ("Animals", "Animals"),
    ("Organoids", "Organoids"),
    ("Induced Pluripotent Stem Cells", "iPS cells"),
)
# A chip that says no more than a narrower one beside it.
_SAID_BY = {
    "Review": {"Systematic review", "Meta-analysis"},
    "Clinical trial": {"Randomized trial", "Trial protocol"},
    "Animals": {"Mice", "Rats", "Zebrafish", "Drosophila", "C. elegans", "Xenopus", "Chick", "Pigs", "Macaques"},
}


def chips(article: Article) -> tuple[str, ...]:
    """The labels of `article`, each once, in the fixed order: types, then organisms.

    A phase ("Clinical Trial, Phase II") counts as a clinical trial; "Animals" gives way to the animal's name.
    """
    types = {kind.partition(",")[0] for kind in article.publication_types}
    headings = {heading.name for heading in article.headings}
    found = dict.fromkeys(
        [label for name, label in _TYPES if name in types] + [label for name, label in _ORGANISMS if name in headings]
    )
    return tuple(label for label in found if not _SAID_BY.get(label, set()) & found.keys())


IN_LIBRARY = "In your library"


def with_known(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels of a paper that is in the lab's Zotero library: behind the first one, under which a list may group papers."""
    return (*labels[:1], IN_LIBRARY, *labels[1:])
