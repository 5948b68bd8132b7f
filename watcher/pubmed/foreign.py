"""What other databases, search histories, web pages and word processors leave in a query that PubMed then searches as words.

Each rule names a syntax by a sign that PubMed's own queries do not have, and says how PubMed writes it. Signs are sought outside of
phrases and tags, since a phrase may quote anything. Sources: the help pages of Ovid, Embase.com, EBSCOhost, Web of Science, Scopus, the
Cochrane Library and ProQuest; PubMed's (https://pubmed.ncbi.nlm.nih.gov/help/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from watcher.domain import Code

HIDDEN = "\x00"
"""Stands for what is inside a phrase or a tag."""

_CODES = "ti|ab|tw|kw|kf|mp|sh|hw|fs|pt|au|jn|jw|rn|nm|ot|ps|af|in|yr|lg|tx|id|de|m_titl|xs|so|ui|dp|an"
_SURE_CODES = "ti|ab|tw|kw|kf|mp|sh|hw|fs"
_EMBASE = "ti|ab|kw|de|tt|au|jt|it|lnk|la|ff|ta|ca|dn|tn|mn|df|exp|so"
_PROQUEST = "ti( ), noft( ) and .EXACT( ) are ProQuest's syntax"
_BEHIND = "write a tag behind each word or phrase: asthma[tiab]"
_PROXIMITY = 'write "two words"[tiab:~3]: both within three words of each other'


@dataclass(frozen=True, slots=True)
class Rule:
    """A sign of something foreign: where it is seen, what it is, and what to write instead."""

    seen: re.Pattern[str]
    what: str
    fix: str
    code: Code = Code.QUERY_FOREIGN


def _rule(pattern: str, what: str, fix: str, code: Code = Code.QUERY_FOREIGN, flags: int = 0) -> Rule:
    return Rule(re.compile(pattern, flags), what, fix, code)


_I = re.IGNORECASE
_QUALIFIERS = (
    "ab|ad|ae|ag|ai|ah|an|bi|bl|cf|ch|ci|cl|cn|co|ct|cy|de|df|dg|dh|di|dt|du|ec|ed|em|en|ep|es|et|ge|gd|hi|im|in|ip|ir|is|js|lj|me|mi|mo|"
    "mt|nu|og|pa|pc|pd|ph|pk|po|pp|ps|px|py|ra|re|rh|ri|rt|sc|sd|se|sn|st|su|td|th|tm|tr|tu|ur|us|ut|ve|vi"
)
"""The subheadings of MeSH in two letters."""
RULES: tuple[Rule, ...] = (
    # Ovid
    _rule(
        r"\bexp\s+\*?[\w'\x00\"][^/()\[\]\n]{0,120}/"
        r"|(?<![\w/\x00\"*])\*?[A-Z][\w'-]*(?:,? [\w'-]+){0,8}/(?=\s*(?:$|\)|(?:or|and|not|OR|AND|NOT)\s))",
        "a heading with a slash behind it is Ovid's syntax",
        'write "Asthma"[mh] for exp Asthma/, and "Asthma"[mh:noexp] for Asthma/',
        flags=re.MULTILINE,
    ),
    _rule(
        rf"(?<![\w/-])\*?[A-Z][a-z'-]{{3,}}(?:,? [\w'-]+){{0,8}}/(?:{_QUALIFIERS})(?:, ?(?:{_QUALIFIERS}))*"
        r"(?=\s*(?:$|\)|(?:or|and|not|OR|AND|NOT)\s)|\s\[[A-Z][a-z]+[ ,&])",
        "a heading with subheadings of two letters, such as Asthma/dt, th, is Ovid's syntax",
        'write "Asthma/drug therapy"[mh] OR "Asthma/therapy"[mh]',
        flags=re.MULTILINE,
    ),
    _rule(
        rf"(?<=[\w*$?)\"\x00])\s?\.(?:(?:{_CODES})(?:,(?:{_CODES}))*\.(?!\w)|(?:{_SURE_CODES})(?:,(?:{_CODES}))*(?=\s|\)|$))",
        "fields between dots, such as .ti,ab., are Ovid's syntax",
        "write a tag behind each word or phrase: asthma*[tiab]; [tw] searches more fields, [ti] the title alone",
        flags=_I,
    ),
    _rule(
        r"(?<![\w-])(?:adj\d{1,2}|ADJ|near/?\d{1,2}|w/\d{1,2}|pre/\d{1,2}|p/\d{1,2}|next/\d{1,2}|onear/\d{1,2})(?![\w/])",
        "searches by proximity with ADJ, NEAR, NEXT, W/ or PRE/ are another database's syntax",
        _PROXIMITY,
        flags=_I,
    ),
    _rule(
        r"(?<=[\s)\"])(?:NEAR|NEXT)(?=\s+[(\"\w])",
        "NEAR and NEXT are another database's operators",
        _PROXIMITY,
    ),
    _rule(
        r"(?<=[A-Za-z]{2})(?<!\bUS)(?<!\bAU)(?<!\bCA)(?<!\bNZ)(?<!\bHK)(?<!\bNT)(?<!\bSG)(?<!\bCAN)(?<!\bAUD)(?<!\bUSD)\$\d?(?!\w)",
        "$ is Ovid's sign for any ending",
        "write * behind at least four letters: asthm*",
    ),
    _rule(
        r"[A-Za-z]\?[A-Za-z]|[A-Za-z]{3}\?(?=[\s)\].])|[A-Za-z]{2}#(?=[A-Za-z])|[A-Za-z]{3}#(?=[\s)\].])",
        "? and # inside a word are another database's wildcards; PubMed has none for single letters",
        "write the spellings out, joined by OR: (woman[tiab] OR women[tiab])",
    ),
    _rule(r"\blimit\s+\S+\s+to\b", "a limit is a line of Ovid's", "write it as a term: AND english[la]", flags=_I),
    _rule(
        r"\bremove duplicates from\b|\bfrom \d{1,3} keep \d|^[ \t]*(?:\d{1,3}\.?[ \t]+)?use (?:medall|ppez|emez|oemez)[a-z]{0,4}\b",
        "this is a command of Ovid's",
        "take it out: each paper is found once",
        flags=_I | re.MULTILINE,
    ),
    _rule(r"\[mp\s*=", "this note on fields is Ovid's", "take it out", flags=_I),
    # Embase.com
    _rule(
        r"['’]/(?:exp|de|mj|br)\b|(?<=\w)/exp\b",
        "/exp and /de behind a heading are Embase's syntax",
        "write \"Asthma\"[mh] for 'asthma'/exp; Emtree's names are not always those of MeSH",
        flags=_I,
    ),
    _rule(
        rf"(?<=[\w*'’\")\x00]):(?:{_EMBASE})(?:,(?:{_EMBASE}))*(?![\w:])",
        "fields behind a colon, such as :ti,ab, are Embase's and Cochrane's syntax",
        "write a tag behind each word or phrase: asthma[tiab]",
        flags=_I,
    ),
    _rule(r"\]/lim\b", "/lim is Embase's syntax", "write it as a term: AND english[la]", flags=_I),
    # EBSCOhost
    _rule(
        r"(?<![\w\[])M[HMJ]\s+[\"'(]|(?<![\w\[])(?:MH|MM)\s+\w",
        "MH and MM before a heading are CINAHL's syntax",
        'write "Asthma"[mh] for (MH "Asthma+"), "Asthma"[mh:noexp] without the plus sign, [majr] for MM',
    ),
    # Web of Science
    _rule(
        r"(?<!\w)(?:TS|TI|AB|AK|KP|AU|SO|PY|AD|OG|DT|LA|WC|DOP|ALL|FPY)\s*=",
        "TS=, TI= and PY= are Web of Science's syntax",
        'write a tag behind each word or phrase: asthma[tiab]; years as "2020"[dp] : "3000"[dp]',
    ),
    # Scopus
    _rule(
        r"(?<!\w)(?:TITLE-ABS-KEY(?:-AUTH)?|TITLE-ABS|TITLE|ABS|KEY|AUTHKEY|AFFIL|INDEXTERMS|SRCTITLE|DOCTYPE|LIMIT-TO|EXCLUDE)\s?\(|(?<!\w)ALL\((?=\S)"
        r"|\bPUBYEAR\b",
        "TITLE-ABS-KEY( ) and PUBYEAR are Scopus's syntax",
        'write a tag behind each word or phrase: asthma[tiab]; years as "2020"[dp] : "3000"[dp]',
    ),
    _rule(r"\{[^{}\n]*\}", "braces are Scopus's quotation marks", 'write "'),
    # Cochrane
    _rule(
        r"\bMeSH descriptor\b|\bexplode all trees\b",
        "MeSH descriptor: is Cochrane's syntax",
        'write "Asthma"[mh]',
        flags=_I,
    ),
    # ProQuest
    _rule(
        r"\b(?:mesh|emb|su|mjmesh|mjemb)\.exact\b|\b[a-z]{2,20}\.exact\s?\(|(?<!\w)(?:noft|mainsubject)\s?\(",
        _PROQUEST,
        _BEHIND,
        flags=_I,
    ),
    _rule(
        r"(?<![\w-])(?:ti|ab|su|if|ft|pub)(?:,(?:ti|ab|su|if))*\((?=\S)",
        _PROQUEST,
        _BEHIND,
    ),
    # search engines
    _rule(
        r"(?<![^\s(])(?:(?:site|intitle|inurl|filetype|intext):(?=\S)|(?:allintitle|allintext|allinurl):)",
        "site: and intitle: are a search engine's syntax",
        "take it out, or write a tag behind the word: asthma[ti]",
    ),
    _rule(r"(?<![^\s(])-(?=[A-Za-z(\"])", "- before a word excludes nothing", "write NOT before what you do not want"),
    _rule(r"(?<![^\s(])\+(?=[A-Za-z(\"])", "+ before a word demands nothing", "write AND between the words"),
    _rule(r"\|{1,2}|&&|(?<=[\])\"])\s*&(?=\s*[(\"\w])", "| and & are no operators to PubMed", "write OR, or AND"),
    _rule(
        r"(?<=[\])])\s*[,;](?=\s*[(\"\w])|(?<=\")\s*[,;](?=\s*\")|(?<=\])\s*/(?=\s*[(\"\w])",
        "a comma, semicolon or slash between two terms joins nothing, and PubMed takes AND",
        "write OR, or AND",
        Code.QUERY_OPERATOR,
    ),
    _rule(
        r"(?<=[\])\"])\s+(?:oder|und|nicht|ou|et|sauf|oppure|y|o|e|en|of)(?=\s+[(\"\w])",
        "PubMed knows the English operators only",
        "write OR, AND or NOT",
        Code.QUERY_OPERATOR,
        _I,
    ),
    _rule(r"(?<=[\s\])])(?:AND-?NOT|BUT NOT|XOR)(?=[\s(])", "PubMed knows AND, OR and NOT only", "write NOT", Code.QUERY_OPERATOR),
    _rule(r"\\", "a backslash is nothing to PubMed", "take it out: write a quotation mark or a bracket alone"),
    _rule(
        r"\((?:tiab|ti/ab|title/abstract|mesh(?: terms?| major topic)?|majr|text ?word|all fields|publication type)\)"
        r"|(?<![\[\w/-])tiab(?![\w:-])",
        "a field outside of square brackets is searched as a word",
        "write it in square brackets: asthma[tiab]",
        Code.QUERY_TAG,
        _I,
    ),
    _rule(
        r"(?<=\w)\^\d+(?:\.\d+)?(?=\s|\)|$)|(?<=[A-Za-z]{3})~\d?(?=\s|\)|$)",
        "^ and ~ behind a word are a search engine's signs for weight and likeness",
        "take them out",
    ),
    _rule(r"\"~\d+", "~ behind a phrase is another engine's proximity search", 'write "two words"[tiab:~3]'),
    # pastes
    _rule(
        r"&(?:quot|amp|lt|gt|nbsp|apos|ndash|mdash|ldquo|rdquo|lsquo|rsquo|#\d{1,6}|#x[0-9a-f]{1,5});",
        "this is the code of a character in a web page",
        'write the character itself: " for &quot;',
        flags=_I,
    ),
    _rule(
        r"%(?:20|22|5B|5D|28|29|2B|3A|2F|2C|0A|2A|7E)|\+(?:AND|OR|NOT)\+",
        "this is a part of a web address",
        "copy the query from PubMed's search box, not from the address",
        flags=_I,
    ),
    _rule(r"https?://", "this is a web address", "copy the query from PubMed's search box, not from the address", flags=_I),
    _rule(
        r"^[ \t]*(?:search(?: details| results)?|query|filters?(?: applied)?|sort(?:ed)? by|results(?: by year)?|translations)[ \t]*:",
        "this is the wording of PubMed's page, not a part of the query",
        "take it out; write filters as terms: AND english[la], AND humans[mh]",
        flags=_I | re.MULTILINE,
    ),
    _rule(
        r"(?<=\s)(?:filters applied|sort by|filters?):\s|(?<=, )from \d{4}(?:/\d{1,2}){0,2} ?[-–] ?\d{4}",
        "this is the wording of PubMed's page, not a part of the query",
        'take it out; write filters as terms: AND english[la], years as "2020"[dp] : "3000"[dp]',
        flags=_I,
    ),
)
"""Every rule is a search that looks at each character a bounded number of times."""

_WHOLE = (
    Rule(
        re.compile(r"\[mh\s+[\^\"\w]", _I),
        "a heading inside the brackets is Cochrane's syntax",
        'write "Asthma"[mh], or [mh:noexp] for ^',
    ),
)
"""Rules for what stands inside brackets or phrases."""


def signs(term: str, hidden: str) -> Iterator[tuple[int, Rule]]:
    """Where something foreign begins, and which rule saw it.

    Args:
        term: as it was written.
        hidden: the same, as long, with `HIDDEN` for each character inside a phrase or a tag.
    """
    for rules, text in ((RULES, hidden), (_WHOLE, term)):
        for rule in rules:
            yield from ((found.start(), rule) for found in rule.seen.finditer(text))
