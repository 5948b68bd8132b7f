"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates every table and index, those referred to first."""
    _configuration()
    _articles()
    _seeds_and_corrections()
    _runs()
    _ledger()
    _scores()
    _digests()
    _presented()
    _messages()
    _deliveries()
    _leases()


def _partial_index(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _configuration() -> None:
    op.create_table(
        "config_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("loaded_at", UTCDateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_config_version"),
        sa.UniqueConstraint("sha256", name="uq_config_version_sha256"),
    )
    op.create_table(
        "watch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_watch"),
        sa.UniqueConstraint("name", name="uq_watch_name"),
    )
    op.create_table(
        "query_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("translation", sa.Text(), nullable=False),
        sa.Column("phrases_not_found", sa.Text(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("baseline_cut", sa.Date(), nullable=False),
        sa.Column("baseline_matched", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_query_version"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_query_version_watch_id_watch"),
        sa.UniqueConstraint("watch_id", "ordinal", name="uq_query_version_watch_id_ordinal"),
    )
    op.create_table(
        "digest_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_digest_list"),
        sa.UniqueConstraint("name", name="uq_digest_list_name"),
    )
    op.create_table(
        "subscription",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "watch_id", "since", name="pk_subscription"),
        sa.ForeignKeyConstraint(["list_id"], ["digest_list.id"], name="fk_subscription_list_id_digest_list"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_subscription_watch_id_watch"),
    )


def _articles() -> None:
    op.create_table(
        "work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_work"),
    )
    op.create_table(
        "article",
        sa.Column("pmid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("work_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("pmcid", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("crdt", sa.Date(), nullable=True),
        sa.Column("edat", sa.Date(), nullable=True),
        sa.Column("mhda", sa.Date(), nullable=True),
        sa.Column("lr", sa.Date(), nullable=True),
        sa.Column("pub_status", sa.Text(), nullable=False),
        sa.Column("is_notice", sa.Boolean(), nullable=False),
        sa.Column("has_abstract", sa.Boolean(), nullable=False),
        sa.Column("has_headings", sa.Boolean(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("fetched_at", UTCDateTime(), nullable=False),
        sa.Column("abstract_at", UTCDateTime(), nullable=True),
        sa.Column("headings_at", UTCDateTime(), nullable=True),
        sa.Column("forgotten_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("pmid", name="pk_article"),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name="fk_article_work_id_work"),
    )
    op.create_index("article_crdt", "article", ["crdt"])
    op.create_index("article_doi", "article", ["doi"])
    op.create_index("article_pmcid", "article", ["pmcid"])
    op.create_index("article_work", "article", ["work_id"])
    op.create_table(
        "work_link",
        sa.Column("from_pmid", sa.Integer(), nullable=False),
        sa.Column("to_pmid", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("from_pmid", "to_pmid", "kind", name="pk_work_link"),
    )
    op.create_index("work_link_to", "work_link", ["to_pmid"])


def _seeds_and_corrections() -> None:
    op.create_table(
        "seed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("pmid", sa.Integer(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", UTCDateTime(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_seed"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_seed_watch_id_watch"),
        sa.UniqueConstraint("watch_id", "path", "locator", name="uq_seed_watch_id_path_locator"),
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pmid", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
        sa.UniqueConstraint("pmid", "kind", "notice", name="uq_correction_pmid_kind_notice"),
    )


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("query_version_id", sa.Integer(), nullable=True),
        sa.Column("config_id", sa.Integer(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("window_from", sa.Date(), nullable=True),
        sa.Column("window_to", sa.Date(), nullable=True),
        sa.Column("full_set_as_of", sa.Date(), nullable=True),
        sa.Column("similar_read", sa.Boolean(), nullable=False),
        sa.Column("translation", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("awaiting", sa.Integer(), nullable=False),
        sa.Column("selected", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("may_pass", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["config_id"], ["config_version.id"], name="fk_run_config_id_config_version"),
        sa.ForeignKeyConstraint(["query_version_id"], ["query_version.id"], name="fk_run_query_version_id_query_version"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_run_watch_id_watch"),
    )
    op.create_index("run_finished", "run", ["watch_id", "finished_at"])
    _partial_index("run_open", "run", ["watch_id"], "finished_at IS NULL", unique=True)


def _ledger() -> None:
    op.create_table(
        "hit",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("pmid", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=False),
        sa.Column("query_version_id", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("news_at", UTCDateTime(), nullable=True),
        sa.Column("unavailable_at", UTCDateTime(), nullable=True),
        sa.Column("starter_at", UTCDateTime(), nullable=True),
        sa.Column("absent_since", UTCDateTime(), nullable=True),
        sa.Column("absent_readings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("watch_id", "pmid", name="pk_hit"),
        sa.ForeignKeyConstraint(["first_run_id"], ["run.id"], name="fk_hit_first_run_id_run"),
        sa.ForeignKeyConstraint(["query_version_id"], ["query_version.id"], name="fk_hit_query_version_id_query_version"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_hit_watch_id_watch"),
        sqlite_with_rowid=False,
    )
    _partial_index("hit_news", "hit", ["watch_id"], "state = 'news'")
    _partial_index("hit_open", "hit", ["watch_id", "state"], "state = 'awaiting-record'")
    op.create_index("hit_pmid", "hit", ["pmid"])
    _partial_index("hit_starter", "hit", ["watch_id"], "starter_at IS NOT NULL")
    op.create_table(
        "hit_origin",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("pmid", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("watch_id", "pmid", "origin", name="pk_hit_origin"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_hit_origin_run_id_run"),
        sa.ForeignKeyConstraint(["watch_id", "pmid"], ["hit.watch_id", "hit.pmid"], name="fk_hit_origin_watch_id_pmid_hit"),
        sqlite_with_rowid=False,
    )


def _scores() -> None:
    op.create_table(
        "ranking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("seeds_sha256", sa.Text(), nullable=False),
        sa.Column("background_sha256", sa.Text(), nullable=False),
        sa.Column("last_verdict_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ranking"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_ranking_watch_id_watch"),
        sa.UniqueConstraint("watch_id", "sha256", name="uq_ranking_watch_id_sha256"),
    )
    op.create_table(
        "score",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("pmid", sa.Integer(), nullable=False),
        sa.Column("ranking_id", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("watch_id", "pmid", "ranking_id", "content_sha256", name="pk_score"),
        sa.ForeignKeyConstraint(["pmid"], ["article.pmid"], name="fk_score_pmid_article"),
        sa.ForeignKeyConstraint(["ranking_id"], ["ranking.id"], name="fk_score_ranking_id_ranking"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_score_watch_id_watch"),
    )
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=True),
        sa.Column("pmid", sa.Integer(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_verdict"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_verdict_watch_id_watch"),
    )


def _digests() -> None:
    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slot_at", UTCDateTime(), nullable=False),
        sa.Column("covers_from", sa.Date(), nullable=False),
        sa.Column("covers_to", sa.Date(), nullable=False),
        sa.Column("gaps", sa.Text(), nullable=False),
        sa.Column("composed_at", UTCDateTime(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("late_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digest"),
        sa.ForeignKeyConstraint(["list_id"], ["digest_list.id"], name="fk_digest_list_id_digest_list"),
        sa.UniqueConstraint("list_id", "period", name="uq_digest_list_id_period"),
    )
    op.create_table(
        "judgement",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("pmid", sa.Integer(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("ranking_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("list_id", "watch_id", "pmid", "digest_id", name="pk_judgement"),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_judgement_digest_id_digest"),
        sa.ForeignKeyConstraint(["list_id"], ["digest_list.id"], name="fk_judgement_list_id_digest_list"),
        sa.ForeignKeyConstraint(["ranking_id"], ["ranking.id"], name="fk_judgement_ranking_id_ranking"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_judgement_watch_id_watch"),
    )
    op.create_index("judgement_pmid", "judgement", ["pmid"])


def _presented() -> None:
    op.create_table(
        "presented",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("work_id", sa.Integer(), nullable=False),
        sa.Column("pmid", sa.Integer(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "work_id", name="pk_presented"),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_presented_digest_id_digest"),
        sa.ForeignKeyConstraint(["list_id"], ["digest_list.id"], name="fk_presented_list_id_digest_list"),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name="fk_presented_work_id_work"),
    )
    op.create_table(
        "follow_up",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("work_id", sa.Integer(), nullable=False),
        sa.Column("pmid", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "work_id", "pmid", "kind", name="pk_follow_up"),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_follow_up_digest_id_digest"),
        sa.ForeignKeyConstraint(["list_id"], ["digest_list.id"], name="fk_follow_up_list_id_digest_list"),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name="fk_follow_up_work_id_work"),
    )
    op.create_table(
        "correction_told",
        sa.Column("correction_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("correction_id", "list_id", name="pk_correction_told"),
        sa.ForeignKeyConstraint(["correction_id"], ["correction.id"], name="fk_correction_told_correction_id_correction"),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_correction_told_digest_id_digest"),
        sa.ForeignKeyConstraint(["list_id"], ["digest_list.id"], name="fk_correction_told_list_id_digest_list"),
    )


def _messages() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("key", name="uq_notice_key"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=True),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.CheckConstraint("(digest_id IS NULL) <> (notice_id IS NULL)", name=op.f("ck_message_one_source")),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_message_digest_id_digest"),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name="fk_message_notice_id_notice"),
        sa.UniqueConstraint("digest_id", "kind", "part", name="uq_message_digest_id_kind_part"),
        sa.UniqueConstraint("notice_id", "kind", "part", name="uq_message_notice_id_kind_part"),
    )


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("rfc822_id", sa.Text(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_delivery_message_id_message"),
        sa.UniqueConstraint("message_id", "channel", "recipient", name="uq_delivery_message_id_channel_recipient"),
        sa.UniqueConstraint("rfc822_id", name="uq_delivery_rfc822_id"),
    )
    _partial_index("delivery_due", "delivery", ["next_at"], "state IN ('pending', 'sending', 'parked')")
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("handed_over_at", UTCDateTime(), nullable=True),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_attempt_delivery_id_delivery"),
    )
    op.create_index("attempt_delivery", "attempt", ["delivery_id"])


def _leases() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
