"""What other databases, pages and word processors leave in a query is told, and a right query of PubMed's never. All samples are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.domain import Code
from watcher.pubmed import lint

COMMENTS = [
    *(
        "asthma[tiab] // the disease",
        "asthma[tiab] -- the disease\nOR wheeze[tiab]",
        "asthma[tiab] % the disease",
        "% asthma\nwheeze[tiab]",
    ),
    *("asthma[tiab] /* c */ OR wheeze[tiab]", "/* asthma */ wheeze[tiab]", "asthma[tiab]/*c*/", "asthma[tiab] <!-- c -->"),
    *(
        "agrin[tiab]\n#OR musk[tiab]",
        "#musk[tiab]\nagrin[tiab]",
        "asthma[tiab] #wheeze",
        "#the disease\nasthma[tiab]",
        "; a note\nagrin[tiab]",
    ),
]

FOREIGN = {
    Code.QUERY_FOREIGN: [
        *(
            "exp Asthma/",
            "exp *Asthma/ OR wheez*",
            "Asthma/ or Bronchitis/",
            "Respiratory Tract Diseases/ and child*",
            "exp asthma/dt",
        ),
        *(
            "asthma*.ti,ab.",
            "asthma*.ti,ab,kf.",
            "wheez*.tw.",
            "(asthma or wheeze).mp.",
            '"lung function".ti.',
            "asthma.ab",
            "smith.au.",
        ),
        *(
            "asthma adj3 child*",
            "asthma adj child ADJ2 x",
            "(lung* adj5 function*)",
            "asthm$",
            "asthm$2 OR wheez$",
            "wom?n",
            "randomi?ed trial",
        ),
        *("wom#n AND asthma", "limit 5 to english language", "asthma.mp. [mp=title, abstract]"),
        *(
            "'asthma'/exp",
            "'asthma'/de OR wheeze",
            "'lung function'/exp/mj",
            "asthma:ti,ab",
            "'lung function':ti,ab,kw",
            "asthma NEAR/3 child",
        ),
        *("[english]/lim AND asthma", "asthma NEXT/2 child*", "asthma/exp OR wheeze"),
        *('(MH "Asthma+")', '(MM "Asthma")', "MH Asthma", "TI asthma OR AB asthma", "TI (asthma OR wheeze)", "asthma N3 child*"),
        *("(asthma) W3 (child)", 'TX "lung function"', "SU asthma"),
        *("TS=(asthma OR wheeze)", "TI=asthma AND PY=2020", "TS = asthma", "PY=(2020-2025)", "AB=(lung)"),
        *("TITLE-ABS-KEY(asthma)", "TITLE-ABS-KEY ( asthma W/3 child )", "asthma PRE/2 child", "PUBYEAR > 2019", "{lung function}"),
        *("ABS(asthma)", "ALL(asthma)", "LIMIT-TO(DOCTYPE, 'ar')"),
        *(
            "[mh asthma]",
            '[mh ^"asthma"]',
            "[mh Asthma] OR wheez*:ti,ab,kw",
            "MeSH descriptor: [Asthma] explode all trees",
            "asthma NEXT child*",
        ),
        *('MESH.EXACT("Asthma")', "noft(asthma)", "ti(asthma) OR ab(wheeze)", "ti,ab(asthma)", "asthma P/0 child"),
        *(
            "site:who.int asthma",
            "asthma -child",
            "asthma +child",
            "asthma | wheeze",
            "asthma && wheeze",
            "intitle:asthma",
            '"lung function"~3',
        ),
        *(
            "&quot;lung function&quot;[tiab]",
            "asthma%5Btiab%5D",
            "asthma[tiab]+AND+child[tiab]",
            "https://pubmed.ncbi.nlm.nih.gov/?term=asthma",
        ),
        *(
            "Search: asthma[tiab]",
            "asthma[tiab]\nFilters applied: English",
            "asthma[tiab] Sort by: Most Recent",
            "Filters: Humans\nasthma[ti]",
        ),
        *(
            'TITLE:"asthma"',
            "(TITLE_ABS:asthma)",
            'AUTH:"Smith"',
            "SRC:MED AND asthma",
            "title:asthma",
            "ti:asthma OR ab:wheeze",
            "asthma[tiab] AND (abstract:(lung OR heart))",
            'JOURNAL:"Thorax" AND asthma',
            "Author: smith AND asthma",
        ),
        *('DE "Asthma"', "KW asthma", "XB asthma", 'asthma OR KW ("lung function" OR wheeze)', 'AU "Smith, J" AND asthma'),
        *('su.exact("asthma")', "NOFT(asthma)", "TI(asthma) OR AB(wheeze)", 'MainSubject.Exact("asthma")'),
        *("remove duplicates from 3", "Remove duplicates from 12 AND asthma", "from 5 keep 1-10"),
        *("asthma + wheeze", "asthma[tiab] + wheeze[tiab]", '"lung function" + wheeze'),
        *("Asthma/dt, th", "Lung Diseases/di OR cough", "allintitle: asthma child", "(site:nih.gov asthma)"),
        *("asthma^2 OR wheeze", "asthma~ AND child", '\\"lung function\\"[tiab]', "asthma[tiab]\\nOR wheeze[tiab]"),
    ],
    Code.QUERY_OPERATOR: [
        *("asthma[tiab] ODER wheeze[tiab]", "asthma[tiab] und wheeze[tiab]", '"lung function" ET asthma', "(asthma) o (wheeze)"),
        *("asthma[tiab], wheeze[tiab]", "asthma[tiab]; wheeze[tiab]", "asthma[tiab]/wheeze[tiab]", '"asthma", "wheeze"'),
        *("asthma[tiab] ANDNOT wheeze[tiab]", "asthma[tiab] BUT NOT wheeze[tiab]", "asthma[tiab] XOR wheeze[tiab]"),
    ],
    Code.QUERY_TAG: [
        *("asthma(tiab)", "asthma (Title/Abstract) OR wheeze", "asthma (MeSH)", "asthma.tiab", "asthma tiab OR wheeze[tiab]"),
        '"asthma[tiab]" OR "wheeze[tiab]"',
        '"lung function [Title/Abstract]" AND child',
        '"Asthma[mh:noexp]" OR wheeze[tiab]',
    ],
    Code.QUERY_HISTORY: [
        *(
            "1. asthma[tiab]\n2. wheeze[tiab]\n3. 1 OR 2",
            "#1 AND #2",
            "1 OR 2",
            "S1 AND S2",
            "or/1-5",
            "#1 asthma[ti]\n#2 wheeze[ti]",
        ),
        *("S1 asthma\nS2 wheeze\nS3 S1 OR S2", "(1 or 2) and 3", "1 asthma[ti]\n2 wheeze[ti]\n3 and/1-2"),
    ],
    Code.QUERY_CHARACTER: [
        *(
            "“lung function”[tiab]",
            "asthma[tiab] OR (“lung” OR wheeze)",
            "（asthma[tiab] OR wheeze［tiab］）",
            "asthma【tiab】",
            "2020：2025[dp]",
        ),
        *(
            "asthma[tiab]\u00a0OR wheeze[tiab]",
            "asth\u200bma[tiab]",
            "\ufeffasthma[tiab]",
            "wheez＊[tiab]",
            "2020–2025[dp]",
            "аsthma[tiab]",
        ),
        *("'asthma'[tiab]", "'lung function'[tiab] OR ‘wheeze’[tiab]", "`asthma`[tiab]", "wheeze AND ('lung function' OR cough)"),
        *("asthma ＯＲ wheeze", "ａｓｔｈｍａ[tiab]", "‹lung function›[tiab]", "asthma[tiab] ＋ wheeze[tiab]"),
        *("asth\u00adma[tiab]", '"2020"[dp] – "2025"[dp]', "«lung function»[tiab]"),
    ],
    Code.QUERY_COMMENT: [
        "asthma[tiab] # the disease\nOR wheeze[tiab]",
        "# asthma\nwheeze[tiab]",
        "wheeze[tiab]\n// more",
        *COMMENTS,
    ],
}

RIGHT = [
    "wounds and injuries[mh] OR injur*[tiab]",
    "drug-related side effects and adverse reactions[mh] OR side effect*[tiab]",
    "Wounds And Injuries[mesh] OR trauma[tiab]",
    "health knowledge, attitudes, practice[mh] OR attitude*[tiab]",
    "head and neck neoplasms[majr] OR head and neck cancer*[tiab]",
    "delivery of health care[mh] AND quality of life[tiab]",
    "goitre[tiab] AND hasabstract",
    "heart and lung transplantation",
    "asthma/drug therapy[mh] OR asthma[ti]",
    '"Asthma/drug therapy"[Mesh] OR "asthma"[Title/Abstract]',
    "asthma[tiab] AND (child*[tiab] OR infant*[tiab])",
    '"lung function"[tiab:~2] OR spirometr*[tw]',
    "(asthma[tiab])\nAND (child[tiab])\nNOT (letter[pt])",
    "asthma[tiab]\n  OR wheeze[tiab]\n  OR (\n    bronchi*[tiab]\n  )",
    "Smith J[au] AND 2020:3000[dp]",
    "0000-0002-1825-0097[auid] OR O'Brien P[au]",
    "IL-6[tiab] OR TNF-alpha[tiab] OR CD4+[tiab]",
    "Na+/K+ ATPase[tiab] OR (Na(+)-K(+)-exchanging ATPase[nm] OR ouabain[tiab])",
    "p53[tiab] OR c-Myc[tiab] OR 1,25-dihydroxyvitamin D[tiab]",
    "stage N1 disease[tiab] OR T2 N1 M0[tiab]",
    "influenza A H5 N1[tiab] AND vaccin*[tiab]",
    "AB blood group[tiab] OR type AB[tiab]",
    '"Who cares?"[ti] OR "Is there a doctor?"[ti]',
    '"2019/01/01"[crdt] : "3000"[crdt] AND agrin[tw]',
    "2019/01/01:3000/12/31[dp] AND agrin[tw]",
    "J Neurosci[ta] AND synap*[ti]",
    '"Food & function"[ta] AND fibre[tiab]',
    "10.1523/jneurosci.1353-25.2025[aid] OR 41224659[pmid]",
    "english[la] AND humans[mh] AND asthma[tiab]",
    "systematic[sb] AND asthma[tiab] NOT preprint[pt]",
    "free full text[sb] AND asthma[ti]",
    "Alzheimer's disease[tiab] OR alzheimer*[tiab]",
    "α-synuclein[tiab] OR β-amyloid[tiab] OR TNFα[tiab]",
    "Sjögren[tiab] OR naïve T cell*[tiab]",
    "Харьков[ad] OR Kharkiv[ad]",
    '("Neuromuscular Junction"[MeSH Terms:noexp] OR "Motor Endplate"[Mesh:NoExp]) OR endplate*[tiab]',
    "(randomized controlled trial[pt] OR placebo[tiab] OR drug therapy[sh] OR trial[ti]) NOT (animals[mh] NOT humans[mh])",
    "asthma[all] AND jsubsetaim[sb]",
    "Bethesda[ad] AND NIH[ad] AND gr[tiab]",
    "R01 HL123456[gr] OR NCT01234567[si]",
    "50-78-2[rn] OR aspirin[nm] OR aspirin[tiab]",
    "24-hour[tiab] OR 6 min walk*[tiab] OR type 2[tiab]",
    "covid-19[tiab] OR sars-cov-2[tiab] OR 2019-nCoV[tiab]",
    "(vitamin d[tiab] OR vitamin D3[tiab]) AND bone*[tiab]",
    "myasthenia gravis",
    "muscle atrophy in old age",
    'title "with: a colon"[ti] OR TRPV4[tiab]',
    '"TI plasmid"[tiab] OR TI plasmid*[tiab]',
    "S1 nerve root[tiab] OR S1[tiab] OR L5[tiab]",
    "either/or decision*[tiab] OR his/her choice*[tiab]",
    "asthma[tiab] AND mice, inbred c57bl[mh]",
    "#metoo[tiab] OR #timesup[tiab]",
    "harassment[tiab] AND (#metoo OR #me too[tiab])",
    "cost*[tiab] AND (US$[tiab] OR AU$[tiab] OR US$ 50[tiab])",
    "Ti:sapphire laser*[tiab] OR ti:sapphire[tiab] OR TI:sapphire laser[tiab]",
    "CD4 + T cell*[tiab] OR calcium + vitamin D[tiab]",
    "'t Hooft G[au] OR van 't Veer LJ[au] OR in 't Veld P[au]",
    "5'-AMP[tiab] OR 3'-UTR[tiab] OR parents' views[tiab] OR patients' needs[tiab]",
    "50 % ethanol[tiab] OR 95% CI[tiab]",
    "doi:10.1000/182 OR PMID: 41224659",
    '"Alzheimer disease: a review of the disease: genes"[ti] OR Alzheimer disease: a review[ti]',
    "AB(2) toxin[tiab] OR titanium[tiab]",
    "well--being[tiab] OR and/or[tiab]",
    "not otherwise specified[tiab] OR unspecified[tiab]",
    "C57BL/6[tiab] OR HER2/neu[tiab] OR PD-1/PD-L1[tiab] OR Asthma/dt[mh] OR Asthma/dt [Mesh]",
    '"ear, nose and throat"[tiab] OR ear, nose and throat[tiab] OR Receptors, Nicotinic[mh]',
    "diseases in twins[mh] OR type O blood[tiab] OR vitamin E[tiab] OR (E. coli)",
    "(R)-ketamine[tiab] OR 10^9[tiab] OR p53-/-[tiab]",
]


@pytest.mark.parametrize(("code", "term"), [(code, term) for code, terms in FOREIGN.items() for term in terms])
def test_what_is_not_pubmeds_is_told_with_pubmeds_way(code: Code, term: str) -> None:
    found = lint.flaws(term)

    assert code in [flaw.code for flaw in found], [flaw.told for flaw in found]
    assert all(flaw.what and flaw.fix for flaw in found)


@pytest.mark.parametrize("term", RIGHT)
def test_a_right_query_is_not_warned_of(term: str) -> None:
    assert [flaw.told for flaw in lint.flaws(term)] == []


def test_a_fault_is_told_once_with_the_number_of_places() -> None:
    (flaw,) = lint.flaws("asthma.ti,ab. OR wheez*.tw. OR lung*.ti,ab.")

    assert (flaw.line, flaw.column) == (1, 7)
    assert flaw.what == "fields between dots, such as .ti,ab., are Ovid's syntax (3 places)"


def test_a_tag_is_not_proposed_by_its_letters_alone() -> None:
    fixes = {
        tag: lint.flaws(f"asthma[{tag}] OR wheeze[ti]")[0].fix for tag in ("text", "tit", "mt", "edit", "tiabb", "title, abstract")
    }

    assert {fixes[tag] for tag in ("text", "tit", "mt", "edit")} == {
        "the tags are listed in PubMed's help; [tiab] is title, abstract and keywords"
    }
    assert (fixes["tiabb"], fixes["title, abstract"]) == ("did you mean [tiab]?", "did you mean [tiab]?")


def test_a_subset_with_a_tag_that_is_none_is_told_its_own() -> None:
    (flaw,) = lint.flaws("asthma[tiab] AND jsubsetn[text]")

    assert flaw.what == "PubMed knows no field [text] and searches the words everywhere"
    assert flaw.fix == "a subset takes [sb]: jsubsetn[sb]"


def test_a_comment_between_its_signs_is_told_as_that_alone() -> None:
    assert {flaw.code for flaw in lint.flaws("asthma[tiab]\n/* c */\nOR wheeze[tiab]")} == {Code.QUERY_COMMENT}


def test_what_flaws_are_about_is_known_by_word_and_tag() -> None:
    assert lint.flawed_words("agrin[tiabb] or musk[tiab] AND nmj*[tiab]") == {"[tiabb]", "or", "nmj*"}
    assert lint.flawed_words("agrin[tiab] OR gibberish[tiab]") == frozenset()


def test_hasabstract_needs_no_tag() -> None:
    (flaw,) = lint.flaws("goitre[tiab] AND hasabstract[text]")

    assert (flaw.what.partition(",")[0], flaw.fix) == ("hasabstract needs no tag", "write hasabstract alone")
    assert lint.flaws("goitre[tiab] AND hasabstract") == ()


def test_small_operators_between_tagged_terms_are_told() -> None:
    assert [flaw.fix for flaw in lint.flaws("asthma[tiab] or wheeze[tiab] and (child[tiab]) not adult[tiab]")] == [
        "write OR",
        "write AND",
        "write NOT",
    ]


def test_lines_without_an_operator_between_them_are_told() -> None:
    (flaw,) = lint.flaws("asthma[tiab]\nwheeze[tiab]\n  bronchitis[tiab] OR cough[tiab]")

    assert (flaw.code, flaw.line, flaw.what.endswith("(2 places)")) == (Code.QUERY_OPERATOR, 2, True)


def test_headings_alone_come_late() -> None:
    alone = [
        "asthma[mh]",
        '("Asthma"[Mesh] OR "Bronchitis"[majr]) AND english[la]',
        '"Asthma"[mh] AND 2020:3000[dp]',
        '"Asthma"[mh] AND "2020"[dp] : "3000"[dp]',
        '"Asthma"[mh] AND 2020/01/01:3000[crdt]',
        '"Asthma"[mh] AND hasabstract',
        '"Asthma"[mh] NOT feline[tiab]',
    ]

    assert [[flaw.code for flaw in lint.flaws(term)] for term in alone] == [[Code.QUERY_HEADINGS]] * len(alone)
    assert lint.flaws("asthma[mh] OR asthma[tiab]") == lint.flaws("asthma[mh] OR wheeze") == ()


MECHANICAL = st.lists(
    st.sampled_from(["“lung”[tiab]", "asthma[tiab]\u00a0", "wheez＊[tiab]", "（cough[tiab]）", "asth\u200bma[tiab]"]),
    min_size=1,
    max_size=4,
)


@given(MECHANICAL, st.sampled_from([" OR ", " or ", "\nOR "]))
def test_taking_the_advice_leaves_a_query_that_is_clean(terms: list[str], joined: str) -> None:
    term = joined.join(terms)

    for _ in range(40):
        mild = [flaw for flaw in lint.flaws(term) if not flaw.breaks and flaw.fix.startswith(("write ", "delete "))]
        if not mild:
            break
        flaw = mild[0]
        lines = term.split("\n")
        line, at = lines[flaw.line - 1], flaw.column - 1
        width = 2 if flaw.code is Code.QUERY_OPERATOR else 1
        plain = {"delete it": "", "write a plain blank": " "}.get(flaw.fix, flaw.fix.removeprefix("write "))
        lines[flaw.line - 1] = line[:at] + plain + line[at + width :]
        term = "\n".join(lines)

    assert lint.flaws(term) == ()


@given(st.text(alphabet=st.sampled_from("aZ.:/|&%#$?*'\"()[]{}=+-~,0129 \n\u00a0\u200b“”，（）") | st.characters()))
def test_anything_can_be_read(term: str) -> None:
    assert all(flaw.what and flaw.fix and flaw.line >= 1 and flaw.column >= 1 for flaw in lint.flaws(term))
