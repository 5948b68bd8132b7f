"""The local PubMed understands PubMed's query syntax: one behaviour a test, over a handful of made-up records."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from standins.eutils.corpus import Corpus, Planted
from standins.eutils.fields import find_tag
from standins.eutils.papers import Byline, Markup, article_set, book, paper
from standins.eutils.reading import phrase, read_entry, split_records
from standins.eutils.search import Answer, Engine, HistoryGone, day_range
from standins.eutils.syntax import Chain, Group, Leaf, Recall, Span, leaves, parse

DAY = date(2026, 9, 20)
SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def search(term: str, *records: Planted | bytes, day: date = DAY, **options: tuple[str, ...]) -> Answer:
    return Engine(Corpus.of(records, **options)).search(term, day)


def matches(term: str, *records: Planted | bytes, day: date = DAY) -> set[int]:
    return set(search(term, *records, day=day).pmids)


AGRIN = paper(1, title="Agrin clusters acetylcholine receptors.", abstract="At the neuromuscular junction of mice.")
ENDPLATE = paper(2, title="The motor endplate in ageing.", abstract="Junctions fragment; agrin falls.")
VERTEBRA = paper(3, title="Vertebral endplate lesions.", abstract="Discs of the lumbar spine.")
THREE = (AGRIN, ENDPLATE, VERTEBRA)


# --- words, phrases, wildcards ---------------------------------------------------------------------------------------------------


def test_tiab_searches_title_abstract_and_keywords() -> None:
    keyworded = paper(4, title="Something else.", keywords=["agrin"])

    assert matches("agrin[tiab]", *THREE, keyworded) == {1, 2, 4}


def test_ti_searches_the_title_alone() -> None:
    assert matches("agrin[ti]", *THREE) == {1}


def test_tags_are_known_by_short_and_long_names_in_any_case() -> None:
    terms = ("agrin[TIAB]", "agrin[Title/Abstract]", "agrin[title/abstract]", "agrin [tiab]")

    assert [matches(term, *THREE) for term in terms] == [{1, 2}] * 4


def test_accents_hyphens_and_greek_letters_are_folded() -> None:
    record = paper(5, title="α7-nAChR in Müller's end-plate")

    assert matches('"alpha7 nachr"[ti] AND muller[ti] AND "end plate"[ti]', record) == {5}


def test_markup_does_not_part_a_word() -> None:
    record = paper(5, title=Markup("Ca<sup>2+</sup> and <i>Agrn</i>"))

    assert matches("agrn[ti] AND ca2[ti]", record) == {5}


def test_a_quoted_phrase_asks_for_its_words_side_by_side() -> None:
    assert matches('"motor endplate"[tiab]', *THREE) == {2}


def test_a_phrase_does_not_reach_from_the_title_into_the_abstract() -> None:
    assert matches('"receptors at"[tiab]', AGRIN, paper(9, title="Receptors at work")) == {9}


def test_words_before_one_tag_are_a_phrase() -> None:
    apart = paper(6, title="Junction of a neuromuscular kind")

    assert matches("neuromuscular junction[tiab]", AGRIN, apart) == {1}


def test_an_asterisk_takes_every_ending() -> None:
    assert matches("junction*[tiab]", *THREE) == {1, 2}


def test_an_asterisk_at_the_end_of_a_phrase_takes_every_ending_of_its_last_word() -> None:
    plural = paper(6, title="Neuromuscular junctions")

    assert matches("neuromuscular junction*[tiab]", plural, *THREE) == {1, 6}
    assert matches('"neuromuscular junct*"[tiab]', plural, *THREE) == {1, 6}


def test_a_word_cut_to_fewer_than_four_letters_is_not_found() -> None:
    answer = search("agr*[tiab]", *THREE)

    assert answer.pmids == frozenset()
    assert answer.phrases_not_found == ("agr*",)


def test_nearness_finds_words_in_any_order_within_the_distance() -> None:
    apart = paper(7, title="Endplate of the motor nerve")

    assert matches('"motor endplate"[ti:~2]', ENDPLATE, apart) == {2, 7}
    assert matches('"motor endplate"[ti:~1]', ENDPLATE, apart) == {2}
    assert matches('"endplate motor"[tiab:~0]', ENDPLATE, apart) == {2}


def test_nearness_counts_a_word_as_often_as_it_is_asked_for() -> None:
    assert matches('"motor motor"[ti:~3]', ENDPLATE, paper(7, title="Motor to motor")) == {7}


def test_a_wildcard_inside_a_nearness_search_is_not_found() -> None:
    assert search('"motor endplat*"[ti:~2]', ENDPLATE).quoted_not_found == ('"motor endplat*"[ti:~2]',)


def test_nearness_is_unknown_in_other_fields() -> None:
    assert search('"motor endplate"[mh:~2]', ENDPLATE).fields_not_found == ("mh:~2",)


# --- what the index lacks ----------------------------------------------------------------------------------------------------------


def test_a_quoted_phrase_that_the_index_lacks_is_split_into_words_and_told() -> None:
    answer = search('"receptors agrin"[tiab]', *THREE)

    assert answer.pmids == {1}
    assert answer.quoted_not_found == ('"receptors agrin"[tiab]',)
    assert answer.translation == '"receptors"[Title/Abstract] AND "agrin"[Title/Abstract]'


def test_a_phrase_can_be_kept_out_of_the_phrase_index_although_a_record_has_it() -> None:
    apart = paper(8, title="Endplate and motor")

    answer = search('"motor endplate"[ti]', ENDPLATE, apart, not_indexed=("motor endplate",))

    assert answer.pmids == {2, 8}
    assert answer.quoted_not_found == ('"motor endplate"[ti]',)


def test_a_phrase_that_the_index_holds_without_a_record_finds_nothing_and_no_fault() -> None:
    answer = search(
        '"slow channel syndrome"[tiab] OR zebrafishes[tiab]', *THREE, also_indexed=("slow-channel syndrome", "zebrafishes")
    )

    assert answer.pmids == frozenset()
    assert answer.quoted_not_found == answer.phrases_not_found == ()


def test_an_unknown_bare_word_alone_gets_quotes_that_nobody_typed() -> None:
    answer = search("qzxwvu", *THREE)

    assert answer.pmids == frozenset()
    assert answer.translation == "qzxwvu"
    assert answer.quoted_not_found == ('"qzxwvu"',)
    assert answer.phrases_not_found == ()
    assert answer.messages == ("No items found.",)


def test_an_unknown_word_among_known_ones_is_left_out_and_told() -> None:
    answer = search("agrin qzxwvu clusters", *THREE)

    assert answer.pmids == {1}
    assert answer.phrases_not_found == ("qzxwvu",)


def test_an_unknown_tagged_word_matches_nothing_and_is_told() -> None:
    answer = search("qzxwvu[tiab] OR spine[tiab]", *THREE)

    assert answer.pmids == {3}
    assert answer.phrases_not_found == ("qzxwvu",)


def test_a_server_may_leave_unknown_tagged_words_out_of_the_query_instead() -> None:
    engine = Engine(Corpus.of(THREE), drop_unknown=True)

    answer = engine.search("agrin[tiab] AND qzxwvu[tiab]", DAY)

    assert answer.pmids == {1, 2}
    assert answer.phrases_not_found == ("qzxwvu",)


def test_an_unknown_tag_is_told_and_its_word_searched_everywhere() -> None:
    answer = search("agrin[titel]", *THREE)

    assert answer.pmids == {1, 2}
    assert answer.fields_not_found == ("titel",)


def test_stop_words_are_ignored_and_told() -> None:
    answer = search("the spine", *THREE)

    assert answer.pmids == {3}
    assert answer.phrases_ignored == ("the",)


# --- operators, order, parentheses -----------------------------------------------------------------------------------------------


def test_operators_are_taken_from_left_to_right() -> None:
    assert matches("lumbar[tiab] OR agrin[tiab] AND motor[tiab]", *THREE) == {2}
    assert matches("lumbar[tiab] OR (agrin[tiab] AND motor[tiab])", *THREE) == {2, 3}


def test_operands_side_by_side_mean_and() -> None:
    assert matches('agrin[tiab] "motor endplate"[tiab]', *THREE) == {2}
    assert matches("(agrin[tiab])(ageing[tiab])", *THREE) == {2}


def test_not_takes_away() -> None:
    assert matches("endplate[ti] NOT vertebral[ti]", *THREE) == {2}
    assert matches("endplate[ti] AND NOT vertebral[ti]", *THREE) == {2}
    assert matches("NOT endplate[ti]", *THREE) == {1}


def test_lower_case_operators_are_words() -> None:
    answer = search("agrin and spine", *THREE)

    assert answer.pmids == frozenset()
    assert answer.phrases_ignored == ("and",)
    assert matches("agrin OR spine", *THREE) == {1, 2, 3}


@pytest.mark.parametrize(
    "term", ["((agrin[tiab]) AND (motor[tiab]", "(agrin[tiab] AND motor[tiab]))", "agrin[tiab] AND motor[tiab] AND"]
)
def test_what_does_not_balance_is_mended(term: str) -> None:
    assert matches(term, *THREE) == {2}


def test_a_quotation_mark_without_its_twin_is_ignored() -> None:
    assert matches('agrin[tiab] AND "motor[tiab]', *THREE) == {2}


def test_a_query_of_nothing_matches_nothing() -> None:
    assert matches("()", *THREE) == set()


def test_the_tree_of_a_query() -> None:
    tree = parse('"a b"[ti] OR (c d[mh:noexp] NOT #2) 2020:2021[dp]')

    group = Group(Chain((("", Leaf("c d", tag="mh:noexp")), ("NOT", Recall(2)))))
    span = Span(Leaf("2020"), Leaf("2021", tag="dp"))
    assert tree.links == (("", Leaf("a b", quoted=True, tag="ti")), ("OR", group), ("AND", span))


def test_leaves_are_all_words_of_a_query_from_left_to_right() -> None:
    texts = [leaf.text for leaf in leaves('("a b"[mh] OR c*[tiab]) NOT (d[pt] 2020:2021[dp])')]

    assert texts == ["a b", "c*", "d", "2020", "2021"]


# --- dates ---------------------------------------------------------------------------------------------------------------------


LATE = paper(
    10,
    created="2026-09-16",
    entered="2025-03-01",
    mesh_on="2026-09-18",
    revised="2026-09-19",
    completed="2026-09-18",
    published="2025 Mar",
    electronic="2025-02-11",
)


@pytest.mark.parametrize(
    "term",
    [
        "2026/09/16[crdt]",
        "2026/09[crdt]",
        "2026[crdt]",
        '"2026/09/16"[crdt] : "3000"[crdt]',
        '("2026/09/01"[Date - Create] : "2026/09/16"[Date - Create])',
        "2026/09/16:2026/09/30[crdt]",
        "2026/9/16 : 2026/9/30[crdt]",
        "2026/09:2026[crdt]",
        "last 7 days[crdt]",
        '"last 1 month"[crdt]',
        "2025/03/01[edat]",
        "2026/09/18[mhda]",
        "2026/09/19[lr]",
        "2026/09/18[dcom]",
        "2025/03/01[dp]",
        "2025/02/11[dp]",
        "2025/02/11[epdat]",
        "2025/03[ppdat]",
    ],
)
def test_each_date_lies_in_its_own_field(term: str) -> None:
    assert matches(term, LATE, paper(11, created="2020-01-01", published="2019 Dec")) == {10}


@pytest.mark.parametrize(
    "term", ["2026/09/17:3000[crdt]", "2026[edat]", "2026/09/30:2026/09/01[crdt]", "last 3 days[crdt]", "2026/13[crdt]"]
)
def test_other_days_do_not_match(term: str) -> None:
    assert matches(term, LATE) == set()


def test_a_window_over_four_dates_finds_a_record_by_any_of_them() -> None:
    window = " OR ".join(f'("2026/09/18"[{tag}] : "3000"[{tag}])' for tag in ("crdt", "edat", "mhda", "lr"))

    assert matches(f"(sample[ti]) AND ({window})", LATE, paper(12, created="2026-09-10")) == {10}


def test_mesh_date_is_the_entry_date_until_headings_come() -> None:
    assert matches("2026/09/05[mhda]", paper(13, created="2026-09-01", entered="2026-09-05")) == {13}


@pytest.mark.parametrize(
    ("published", "indexed"),
    [
        ("2026", "2026/01/01"),
        ("2026 Winter", "2026/01/01"),
        ("2026 Spring", "2026/04/01"),
        ("2025 Dec-2026 Jan", "2025/12/01"),
        ("2026 Sep 5", "2026/09/05"),
    ],
)
def test_an_incomplete_publication_date_is_indexed_at_its_first_day(published: str, indexed: str) -> None:
    record = paper(14, published=published)

    assert matches(f"{indexed}[dp]", record) == {14}


def test_a_date_after_words_stands_for_itself() -> None:
    assert matches("sample 2026/09[crdt]", LATE, paper(15, created="2026-08-01")) == {10}


def test_a_range_needs_two_dates_and_a_known_field() -> None:
    assert search("soon:later[crdt]", LATE).phrases_not_found == ("soon:later",)
    assert search("2026:2027[titel]", LATE).fields_not_found == ("titel",)
    assert search("a:b[pmid]", LATE).phrases_not_found == ("a:b",)


def test_a_colon_between_bare_words_is_no_range() -> None:
    assert matches("agrin:clusters", *THREE) == {1}
    assert matches('"motor" : "endplate"', *THREE) == {2}
    assert matches("agrin[ti] :", *THREE) == {1}


def test_day_range_knows_the_length_of_months() -> None:
    assert day_range("2024/02", DAY) == (date(2024, 2, 1), date(2024, 2, 29))
    assert day_range("3000", DAY) == (date(3000, 1, 1), date(3000, 12, 31))
    assert day_range("2026-09-01", DAY) is None


def test_the_translation_shows_the_dates_that_were_used() -> None:
    assert search('"2026/09/01"[crdt] : "3000"[crdt]', LATE).translation == "2026/09/01:3000/12/31[Date - Create]"


# --- headings, types, names ------------------------------------------------------------------------------------------------------


JUNCTION = paper(20, mesh=["*Neuromuscular Junction", "Mice/genetics"])
MOTOR = paper(21, mesh=["Motor Endplate/*physiology", "Humans"])
SYNAPSE = paper(22, mesh=["Synapses"])
INDEXED = (JUNCTION, MOTOR, SYNAPSE)


def test_a_heading_takes_what_lies_below_it() -> None:
    assert matches('"Neuromuscular Junction"[mh]', *INDEXED) == {20, 21}
    assert matches("synapses[MeSH Terms]", *INDEXED) == {20, 21, 22}


def test_noexp_takes_the_heading_alone() -> None:
    assert matches("synapses[mh:noexp]", *INDEXED) == {22}


def test_an_entry_term_stands_for_its_heading() -> None:
    assert matches('"Myoneural Junction"[mh]', *INDEXED) == {20, 21}


def test_majr_asks_for_a_star_on_heading_or_qualifier() -> None:
    assert matches("synapses[majr]", *INDEXED) == {20, 21}
    assert matches("mice[majr]", *INDEXED) == set()


def test_a_heading_with_a_qualifier_asks_for_the_pair() -> None:
    assert matches('"Motor Endplate/physiology"[mh] OR mice/ge[mh]', *INDEXED) == {20, 21}
    assert matches('"Mice/physiology"[mh]', *INDEXED) == set()


def test_subheadings_are_searched_apart_from_headings() -> None:
    assert matches("physiology[sh]", *INDEXED) == {21}


def test_a_heading_that_mesh_lacks_is_not_found_and_one_without_records_is() -> None:
    assert search('"Imaginary Disorder"[mh]', *INDEXED).quoted_not_found == ('"Imaginary Disorder"[mh]',)
    assert search("zebrafish[mh]", *INDEXED).phrases_not_found == ()


def test_a_heading_outside_the_small_tree_is_its_own_branch() -> None:
    assert matches('"Electric Organ"[mh]', paper(23, mesh=["Electric Organ"])) == {23}


def test_a_pharmacological_action_takes_the_headings_below_it() -> None:
    assert matches('"Cholinesterase Inhibitors"[pa]', paper(27, mesh=["Neostigmine"]), JUNCTION) == {27}


def test_late_headings_are_found_from_the_day_they_are_there() -> None:
    late = Planted(paper(24), changes=((date(2026, 9, 15), paper(24, mesh=["Synapses"], mesh_on="2026-09-15")),))

    assert matches("synapses[mh]", late, day=date(2026, 9, 14)) == set()
    assert matches("synapses[mh]", late, day=date(2026, 9, 15)) == {24}


def test_publication_types_are_whole_and_take_what_lies_below() -> None:
    trial = paper(25, types=["Journal Article", "Randomized Controlled Trial"])
    retracted = paper(26, types=["Retracted Publication"])

    assert matches("clinical trial[pt]", trial, retracted) == {25}
    assert matches('"retracted publication"[pt]', trial, retracted) == {26}
    assert matches("sample[ti] NOT (comment[pt] OR editorial[pt])", trial, retracted) == {25, 26}
    assert search("comment[pt]", trial).phrases_not_found == ()


def test_authors_match_by_last_name_and_by_the_beginning_of_their_initials() -> None:
    records = (
        paper(30, authors=["Smith JA", "Jones B"]),
        paper(31, authors=["Smithson J"]),
        paper(32, authors=["Jones B", "Smith K"]),
    )

    assert matches("smith[au]", *records) == {30, 32}
    assert matches("smith j[au]", *records) == {30}
    assert matches('"smith j"[au]', *records) == set()
    assert matches("smith[1au]", *records) == {30}
    assert matches("smith[lastau]", *records) == {32}
    assert matches("Smith JA", *records) == {30}


def test_full_names_collectives_and_orcids_have_fields_of_their_own() -> None:
    record = paper(
        33,
        authors=[
            Byline("Boer", "Jan Pieter", "JP", orcid="https://orcid.org/0000-0001-2345-6789", affiliations=("Leiden University",)),
            Byline(collective="The Endplate Consortium"),
        ],
    )

    for term in ("boer jan[fau]", "0000-0001-2345-6789[auid]", '"endplate consortium"[cn]', "leiden[ad]", "jan pieter boer[au]"):
        assert matches(term, record, paper(34)) == {33}, term


def test_an_author_marked_invalid_is_no_author() -> None:
    assert matches("wrong[au]", paper(35, authors=[Byline("Wrong", "A", "A", valid=False), "Right B"])) == set()


def test_journals_match_as_a_whole() -> None:
    record = paper(36, journal="J Neurosci", journal_title="The Journal of neuroscience")

    assert matches('"J Neurosci"[ta]', record) == {36}
    assert matches("the journal of neuroscience[jour]", record) == {36}
    assert matches("neuroscience[ta]", record) == set()


def test_names_may_be_truncated() -> None:
    record = paper(
        36,
        journal="J Neurosci",
        substances=["Botulinum Toxins, Type A"],
        types=["Clinical Trial, Phase II"],
        authors=["Smithson J"],
    )

    for term in ("neurosci*[ta] OR j neuro*[ta]", "botulinum*[nm]", "clinical trial*[pt]", "smiths*[au]"):
        assert matches(term, record, AGRIN) == {36}, term
    assert search("bot*[nm]", record).phrases_not_found == ("bot*",)


def test_a_journal_goes_by_its_nlm_id_too() -> None:
    assert matches("0000001[jid]", AGRIN) == {1}
    assert search('"J Sample Res"[Journal:__jid0000001]', AGRIN).pmids == {1}


def test_headings_may_be_truncated_which_switches_exploding_off() -> None:
    assert matches("neuromusc*[mh]", *INDEXED) == {20}
    assert search("neu*[mh]", *INDEXED).phrases_not_found == ("neu*",)
    assert search("imaginary[sh]", *INDEXED).phrases_not_found == ("imaginary",)
    assert search("mice/imaginary[mh]", *INDEXED).phrases_not_found == ("mice/imaginary",)


def test_a_quoted_phrase_without_a_tag_that_the_index_lacks_goes_through_mapping() -> None:
    answer = search('"receptors agrin"', *THREE)

    assert answer.pmids == {1}
    assert answer.quoted_not_found == ('"receptors agrin"',)
    assert [typed for typed, _ in answer.mappings] == ["agrin"]
    assert search('"qzxwvu"', *THREE).pmids == frozenset()


def test_hash_signs_part_the_words_around_them() -> None:
    answer = Engine(Corpus.of(THREE)).search("agrin #1 ageing", DAY, recalled={1: frozenset({1, 2})})

    assert answer.pmids == {2}


def test_a_tag_without_a_word_and_one_behind_a_parenthesis_are_ignored() -> None:
    assert matches("[ti] agrin[ti]", *THREE) == {1}
    assert matches("(agrin[tiab] AND ageing)[ti]", *THREE) == {2}
    assert matches('"" agrin[ti]', *THREE) == {1}


def test_identifiers_are_searched_letter_by_letter() -> None:
    record = paper(37, doi="10.1000/ABC-1", pmcid="PMC77", cites=[999], grants=["R01 NS1"])

    for term in ("10.1000/abc-1[doi]", '"10.1000/ABC-1"[aid]', "PMC77[pmcid]", "10.1000/abc-1[lid]", "r01 ns1[gr]"):
        assert matches(term, record, paper(38, doi="10.1000/abc-2")) == {37}, term
    assert matches("999[aid]", record) == set()


def test_pmids_are_found_with_and_without_a_tag() -> None:
    assert matches("1 3", *THREE) == {1, 3}
    assert matches("2[pmid] OR 3[uid]", *THREE) == {2, 3}
    assert matches("2:3[uid]", *THREE) == {2, 3}
    assert search("x2[pmid]", *THREE).phrases_not_found == ("x2",)


def test_languages_go_by_name_and_code() -> None:
    german = paper(40, language="ger", vernacular="Die Endplatte", country="Germany")

    for term in ("german[la]", "ger[la]", "endplatte[tt]", "germany[pl]", "german[sb]"):
        assert matches(term, german, AGRIN) == {40}, term
    assert search("english[la]", german).phrases_not_found == ()
    assert search("englsh[la]", german).phrases_not_found == ("englsh",)


def test_filters_are_derived_from_the_record() -> None:
    free = paper(41, abstract="Text.", pmcid="PMC1", mesh=["Mice"], types=["Systematic Review"])
    bare = paper(42)

    for term in ("hasabstract", '"free full text"[sb]', "medline[sb]", "systematic[filter]", "review[filter]"):
        assert matches(f"sample {term}" if "[" not in term else term, free, bare) == {41}, term
    assert matches("publisher[sb]", free, bare) == {42}
    assert matches("all[sb]", free, bare) == {41, 42}


def test_volume_issue_and_pages_are_searched_as_written() -> None:
    record = paper(43, volume="12", issue="3", pages="45-9")

    assert matches("12[vi] AND 3[ip] AND 45-9[pg]", record, paper(44, volume="3", issue="12")) == {43}


def test_a_book_article_is_found_by_chapter_and_by_book() -> None:
    chapter = book(45, title="Botulism.", book_title="Toxins of Nerve and Muscle", abstract="A review.")

    for term in ("botulism[ti]", '"nerve and muscle"[ti]', "NBK000001[book]", "review[pt]", "2026[dp]"):
        assert matches(term, chapter) == {45}, term


def test_every_tag_of_the_pubmed_help_is_known() -> None:
    tags = (
        "ad all aid au 1au lastau fau auid book cn cois crdt dcom dp pdat edat epdat ppdat mhda lr filter sb gr ip ir isbn jid la lid mh "
        "mh:noexp majr majr:noexp sh nm ot pa pg pl pmid ps pt pubn rn si ta ti tiab tt tw vi"
    )

    assert [tag for tag in tags.split() if find_tag(tag) is None] == []


# --- mapping, translation, history -------------------------------------------------------------------------------------------------


def test_bare_words_are_mapped_to_a_heading_or_searched_everywhere() -> None:
    answer = search(
        "myasthenia gravis treatment", paper(50, mesh=["Myasthenia Gravis"], title="Treatment"), paper(51, title="Gravis")
    )

    heading = (
        '"myasthenia gravis"[MeSH Terms] OR ("myasthenia"[All Fields] AND "gravis"[All Fields]) OR "myasthenia gravis"[All Fields]'
    )
    assert answer.pmids == {50}
    assert answer.mappings == (("myasthenia gravis", heading),)
    assert answer.translation == f'({heading}) AND "treatment"[All Fields]'


def test_an_entry_term_is_searched_as_typed_too() -> None:
    records = (paper(52, title="ALS in mice"), paper(53, mesh=["Amyotrophic Lateral Sclerosis"]))

    assert matches("ALS", *records) == {52, 53}


def test_quotes_switch_mapping_off() -> None:
    assert matches('"amyotrophic lateral sclerosis"', paper(54, title="Amyotrophic lateral sclerosis"), paper(55, title="ALS")) == {
        54
    }


def test_the_translation_keeps_groups() -> None:
    answer = search("(agrin[ti] OR spine[tiab]) NOT motor*[ti]", *THREE)

    assert answer.translation == '("agrin"[Title] OR "spine"[Title/Abstract]) NOT "motor*"[Title]'


def test_an_earlier_search_is_recalled_by_its_number() -> None:
    answer = Engine(Corpus.of(THREE)).search("#1 AND agrin[tiab]", DAY, recalled={1: frozenset({2, 3})})

    assert answer.pmids == {2}


def test_a_number_that_was_never_searched_is_refused() -> None:
    with pytest.raises(HistoryGone):
        search("#7", *THREE)


def test_a_default_field_takes_all_untagged_words() -> None:
    engine = Engine(Corpus.of(THREE))

    assert engine.search("agrin", DAY, field_name="title").pmids == {1}


# --- records and their days ----------------------------------------------------------------------------------------------------------


def test_a_record_stands_from_the_day_it_appears_until_it_vanishes() -> None:
    record = Planted(paper(60), appears_at=date(2026, 9, 10), vanishes_at=date(2026, 9, 12))

    found = [matches("60[uid]", record, day=date(2026, 9, day)) for day in (9, 10, 11, 12)]

    assert found == [set(), {60}, {60}, set()]


def test_a_record_appears_on_its_creation_day_when_nothing_else_is_said() -> None:
    assert matches("61[uid]", paper(61, created="2026-09-20")) == {61}
    assert matches("61[uid]", paper(61, created="2026-09-21")) == set()


def test_a_changed_record_is_found_by_its_new_text_only() -> None:
    record = Planted(paper(62, title="Old name"), changes=((date(2026, 9, 10), paper(62, title="New name")),))

    assert matches("old[ti]", record) == set()
    assert matches("new[ti]", record) == {62}


def test_two_versions_of_a_pmid_are_one_match() -> None:
    first, second = paper(63, title="First form"), paper(63, title="Second form", version=2)

    assert sorted(search("form[ti]", first, second).pmids) == [63]


def test_records_can_be_planted_later() -> None:
    corpus = Corpus.of([AGRIN])
    engine = Engine(corpus)
    engine.search("agrin[tiab]", DAY)

    corpus.plant(ENDPLATE)

    assert engine.search("agrin[tiab]", DAY).pmids == {1, 2}


def test_days_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="out of order"):
        Corpus.of([Planted(paper(64), appears_at=date(2026, 9, 10), vanishes_at=date(2026, 9, 10))])


def test_one_version_cannot_stand_twice() -> None:
    with pytest.raises(ValueError, match="same day"):
        Corpus.of([paper(65), paper(65)])


def test_files_are_read_whole_zipped_or_not_and_the_last_record_counts(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "first.xml", tmp_path / "second.xml.gz"
    plain.write_bytes(article_set(paper(70, title="Old"), book(71)))
    zipped.write_bytes(gzip.compress(article_set(paper(70, title="New"), deleted=[72])))

    corpus = Corpus.from_files([plain, zipped])

    assert set(Engine(corpus).search("new[ti] OR chapter[ti]", DAY).pmids) == {70, 71}
    assert len(corpus.editions) == 2


def test_a_built_record_reads_back_as_it_was_asked_for() -> None:
    entry = read_entry(
        paper(
            80,
            version=2,
            title="A <b> & c",
            abstract=[("AIM", "One."), ("END", "Two.")],
            cites=[5, 6],
            relations=[("UpdateOf", 7, "x")],
        )
    )

    assert (entry.pmid, entry.version, entry.cites) == (80, 2, (5, 6))
    assert entry.texts["title"] == ("A <b> & c",)
    assert entry.texts["abstract"] == ("AIM One.", "END Two.")


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(ValueError, match="no PMID"):
        Corpus.of([b"<PubmedArticle/>"])
    with pytest.raises(ValueError, match="not a record"):
        read_entry(b"<PubmedArticle><PMID>1</PMID>")


@pytest.mark.skipif(not SHARED.exists(), reason="the shared records are not here")
def test_real_records_are_found_by_what_a_plain_reading_sees() -> None:
    source = (SHARED / "pubmed/records/nmj_strict.xml").read_bytes()
    records = list(split_records(source))
    engine = Engine(Corpus.of(records))
    day = date(2026, 11, 1)

    titled = {
        read_entry(record).pmid for record in records if " junction " in f" {phrase(' '.join(read_entry(record).texts['title']))} "
    }
    headed = {
        read_entry(record).pmid for record in records if b">Neuromuscular Junction<" in record or b">Motor Endplate<" in record
    }

    assert len(titled) > 3
    assert engine.search("junction[ti]", day).pmids == titled
    assert len(headed) > 5
    assert engine.search('"Neuromuscular Junction"[mh]', day).pmids == headed
