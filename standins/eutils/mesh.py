"""A small piece of the MeSH trees: enough to explode the headings of the sample records and to map plain words onto them.

The names are headings and entry terms of MeSH, cut down to what muscle, nerve and their synapse need, with their places simplified.
A heading that is not here is its own whole branch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .reading import phrase

_HEADINGS = """
Nervous System
  Synapses = Synapse
    Neuromuscular Junction = Myoneural Junction = Nerve-Muscle Preparation = Neuromuscular Junctions = Myoneural Junctions
      Motor Endplate = Motor End-Plate = Motor Endplates = Muscle Endplate
    Synaptic Membranes
      Presynaptic Terminals = Axon Terminal = Synaptic Terminals
      Post-Synaptic Density
      Synaptic Vesicles
  Central Nervous System
    Brain
    Spinal Cord
  Peripheral Nervous System
    Peripheral Nerves
      Sciatic Nerve
      Phrenic Nerve
    Ganglia
Neurons = Nerve Cells = Neuron
  Motor Neurons = Motoneurons = Motor Neuron
  Axons = Axon
    Presynaptic Terminals
  Interneurons
Neuroglia = Glial Cells
  Schwann Cells = Schwann Cell
  Astrocytes
Synaptic Transmission = Neural Transmission
  Synaptic Potentials
    Excitatory Postsynaptic Potentials
    Miniature Postsynaptic Potentials
Neuronal Plasticity = Synaptic Plasticity
Nerve Regeneration
Denervation
  Muscle Denervation
Muscles = Muscle
  Muscle, Skeletal = Skeletal Muscle = Skeletal Muscles = Voluntary Muscle
    Diaphragm
    Quadriceps Muscle
    Muscle Fibers, Skeletal = Skeletal Muscle Fibers = Myotubes
      Sarcomeres
    Oculomotor Muscles = Extraocular Muscles
  Muscle, Smooth = Smooth Muscle
  Myocardium = Heart Muscle
Receptors, Cholinergic = Acetylcholine Receptors = Cholinergic Receptors
  Receptors, Nicotinic = Nicotinic Receptors = Nicotinic Acetylcholine Receptors
    alpha7 Nicotinic Acetylcholine Receptor
  Receptors, Muscarinic = Muscarinic Receptors
Receptor Protein-Tyrosine Kinases = Receptor Tyrosine Kinase
Agrin
Acetylcholine
Acetylcholinesterase = Acetylcholine Hydrolase
Cholinesterase Inhibitors = Anticholinesterases
  Neostigmine
  Pyridostigmine Bromide = Mestinon
Botulinum Toxins
  Botulinum Toxins, Type A = Botox
Bungarotoxins = alpha-Bungarotoxin
Neuromuscular Agents
  Neuromuscular Blocking Agents = Neuromuscular Blockers
    Neuromuscular Nondepolarizing Agents
      Rocuronium
      Vecuronium Bromide
    Neuromuscular Depolarizing Agents
      Succinylcholine = Suxamethonium
Neuromuscular Blockade
Sugammadex
Anesthesia
  Anesthesia, General
Laminin
Dystrophin
Complement C5
Nervous System Diseases
  Neuromuscular Diseases = Neuromuscular Disease
    Neuromuscular Junction Diseases = Neuromuscular Transmission Disorders
      Myasthenia Gravis
        Myasthenia Gravis, Neonatal
        Myasthenia Gravis, Autoimmune, Experimental
      Lambert-Eaton Myasthenic Syndrome = Eaton-Lambert Syndrome
      Myasthenic Syndromes, Congenital = Congenital Myasthenic Syndromes = Congenital Myasthenic Syndrome
      Botulism
    Motor Neuron Disease = Motor Neuron Diseases
      Amyotrophic Lateral Sclerosis = ALS = Lou Gehrig Disease
      Muscular Atrophy, Spinal = Spinal Muscular Atrophy
    Muscular Diseases = Myopathies = Muscle Disorders
      Muscular Dystrophies = Muscular Dystrophy
        Muscular Dystrophy, Duchenne = Duchenne Muscular Dystrophy
      Sarcopenia
      Muscular Atrophy = Muscle Atrophy
        Sarcopenia
      Muscle Weakness
    Peripheral Nervous System Diseases = Peripheral Neuropathies
      Charcot-Marie-Tooth Disease
Spinal Diseases
  Intervertebral Disc Degeneration = Degenerative Disc Disease
Intervertebral Disc = Intervertebral Discs
Spine = Vertebral Column
  Lumbar Vertebrae
Neoplasms = Cancer = Tumors
  Thymoma
Autoantibodies
Antibodies, Monoclonal = Monoclonal Antibodies
  Antibodies, Monoclonal, Humanized
Aging = Ageing
Exercise = Physical Exercise
  Running
  Physical Conditioning, Animal
Electrophysiology
Magnetic Resonance Imaging = MRI Scans
Treatment Outcome
Disease Models, Animal = Animal Disease Models
Electromyography = EMG
Animals = Animalia
  Vertebrates
    Humans = Human = Man
    Mice = Mouse
      Mice, Knockout = Knockout Mice
      Mice, Transgenic = Transgenic Mice
      Mice, Inbred C57BL
      Mice, Inbred mdx
    Rats = Rat
      Rats, Wistar = Wistar Rats
    Zebrafish = Danio rerio
    Xenopus laevis
    Chickens
  Invertebrates
    Drosophila = Fruit Flies
      Drosophila melanogaster
    Caenorhabditis elegans = C elegans
Child = Children
Infant, Newborn = Newborn
Adult = Adults
  Aged = Elderly
    Aged, 80 and over
  Middle Aged
Male = Males
Female = Females
Signal Transduction = Cell Signaling
Gene Expression Regulation
Genetic Therapy = Gene Therapy
  Oligonucleotides, Antisense = Antisense Oligonucleotides
"""

_TYPES = """
Journal Article
Review = Review Article
  Systematic Review
  Scoping Review
Meta-Analysis
Network Meta-Analysis
Clinical Study
  Clinical Trial
    Clinical Trial, Phase I
    Clinical Trial, Phase II
    Clinical Trial, Phase III
    Clinical Trial, Phase IV
    Controlled Clinical Trial
      Randomized Controlled Trial
        Pragmatic Clinical Trial
        Equivalence Trial
    Adaptive Clinical Trial
  Clinical Trial Protocol
  Observational Study
Case Reports
Comment
Editorial
Letter
News
Newspaper Article
Biography
  Autobiography
Historical Article
Interview
Introductory Journal Article
Lecture
Address
Congress
  Consensus Development Conference
Guideline
  Practice Guideline
Comparative Study
Evaluation Study
Validation Study
Multicenter Study
Twin Study
Technical Report
Dataset
Video-Audio Media
  Webcast
Portrait
Personal Narrative
Patient Education Handout
Legal Case
Legislation
Classical Article
Corrected and Republished Article
Duplicate Publication
English Abstract
Expression of Concern
Festschrift
Overall
Preprint
Published Erratum = Erratum
Retracted Publication
Retraction of Publication
  Retraction Notice
Books and Documents
Study Guide
Research Support, Non-U.S. Gov't
Research Support, N.I.H., Extramural
Research Support, N.I.H., Intramural
Research Support, U.S. Gov't, Non-P.H.S.
Research Support, U.S. Gov't, P.H.S.
"""

_SUBHEADINGS = """
abnormalities = ab
administration & dosage = ad = administration and dosage
adverse effects = ae
agonists = ag
analysis = an
anatomy & histology = ah = anatomy and histology
antagonists & inhibitors = ai = antagonists and inhibitors
biosynthesis = bi
blood = bl
blood supply = bs
cerebrospinal fluid = cf
chemical synthesis = cs
chemically induced = ci
chemistry = ch
classification = cl
complications = co
congenital = cn
cytology = cy
deficiency = df
diagnosis = di
diagnostic imaging = dg
drug effects = de
drug therapy = dt
economics = ec
embryology = em
enzymology = en
epidemiology = ep
ethics = es
etiology = et
genetics = ge
growth & development = gd = growth and development
history = hi
immunology = im
injuries = in
innervation = ir
isolation & purification = ip
metabolism = me
methods = mt
microbiology = mi
mortality = mo
nursing = nu
organization & administration = og
parasitology = ps
pathogenicity = py
pathology = pa
pharmacokinetics = pk
pharmacology = pd
physiology = ph
physiopathology = pp
poisoning = po
prevention & control = pc = prevention and control
psychology = px
radiation effects = re
radiotherapy = rt
rehabilitation = rh
secondary = sc
standards = st
statistics & numerical data = sn
surgery = su
therapeutic use = tu
therapy = th
toxicity = to
transmission = tm
transplantation = tr
trends = td
ultrastructure = ul
urine = ur
veterinary = ve
virology = vi
"""


@dataclass(frozen=True)
class Tree:
    """Headings with what lies below each and what else each is called. Names are compared by their words."""

    below: dict[str, frozenset[str]]
    known_as: dict[str, str]

    def heading(self, text: str) -> str | None:
        """The heading that `text` names, directly or as an entry term, in `phrase` form; None for an unknown one."""
        return self.known_as.get(phrase(text))

    def explode(self, heading: str) -> frozenset[str]:
        """The heading and everything below it, in `phrase` form."""
        return self.below.get(heading, frozenset((heading,)))


def _lines(outline: str) -> Iterator[tuple[int, str, list[str]]]:
    for line in outline.strip("\n").splitlines():
        name, *others = (part.strip() for part in line.split(" = "))
        yield (len(line) - len(line.lstrip())) // 2, phrase(name), [phrase(other) for other in others]


def grow(outline: str) -> Tree:
    """A tree from an outline: two spaces deeper is one step down; " = " parts a name from its entry terms."""
    below: dict[str, set[str]] = {}
    known_as: dict[str, str] = {}
    above: list[str] = []
    for depth, name, others in _lines(outline):
        above[depth:] = [name]
        for ancestor in above:
            below.setdefault(ancestor, set()).add(name)
        known_as[name] = name
        for other in others:
            known_as.setdefault(other, name)
    for name, inside in below.items():
        below[name] = inside.union(*(below[child] for child in inside))
    return Tree({name: frozenset(inside) for name, inside in below.items()}, known_as)


HEADINGS = grow(_HEADINGS)
PUBLICATION_TYPES = grow(_TYPES)
SUBHEADINGS = grow(_SUBHEADINGS)
