-- A database of revision 0016, as SQLite dumps it, with rows in every table. All papers and names in it are invented.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0016');
CREATE TABLE "article" (
	record_id INTEGER NOT NULL, 
	work_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	doi TEXT, 
	pmcid TEXT, 
	title TEXT, 
	body BLOB, 
	crdt DATE, 
	edat DATE, 
	mhda DATE, 
	lr DATE, 
	pub_status TEXT NOT NULL, 
	is_notice BOOLEAN NOT NULL, 
	has_abstract BOOLEAN NOT NULL, 
	has_headings BOOLEAN NOT NULL, 
	content_sha256 TEXT NOT NULL, 
	fetched_at DATETIME NOT NULL, 
	abstract_at DATETIME, 
	headings_at DATETIME, 
	forgotten_at DATETIME, 
	damaged_at DATETIME, 
	CONSTRAINT pk_article PRIMARY KEY (record_id), 
	CONSTRAINT fk_article_work_id_work FOREIGN KEY(work_id) REFERENCES work (id)
);
INSERT INTO "article" VALUES(1,2,1,'10.1000/nmj.1','PMC1','A receptor, α subunit',X'789C65CEBD0AC2401004E05739AE4EE26E842876622744C45A90FB831C5C4CB8DDABC477772316A2DDCE3753EC431B4B9C8D63BDD397E0C2CC5326E552210EB9D19576D92F5D0B6D57C3B6C64ECC4F5108A14100589DFA6383A2C19BBF65CADFB21119076F7E57F3E8A2173CF7077CC725A11CC5DE880D1792729694220D32E0C82908ED55FEBC5CA96B81B54545C5967B64FD7C01AA713D8D','2026-08-16','2026-08-16','2026-08-16','2026-08-17','ppublish',0,1,0,'75e77b32d23dafbde33642591e6c43e2ef9d43c2aa765b6c11c1c6c539c89c67','2026-08-17 06:00:00.000000',NULL,NULL,NULL,NULL);
INSERT INTO "article" VALUES(2,3,1,NULL,NULL,NULL,NULL,'2026-08-16',NULL,NULL,NULL,'',0,0,0,'eecfa1a2ea7204a3186f842b1cee41002580e8fbef1d8535ebadd33e89a5fedf','2026-08-17 06:00:00.000000',NULL,NULL,'2026-08-23 06:00:00.000000',NULL);
INSERT INTO "article" VALUES(3,4,1,NULL,NULL,'Sample paper 3 on synapses',X'789CAB564A2E4A2951B25232323032D335B0D4353450D2512AC8CD4C51B232D6512AC92CC94905CA0627E616E4A42A142416A41629182BE4E7291457E6251614A7162BD502007FF0146D','2026-09-10',NULL,NULL,NULL,'',0,0,0,'add35cd265b00bf5ee61af53a4413f34cd53a483993be2369223327bf8432dc3','2026-08-18 06:00:00.000000',NULL,NULL,NULL,NULL);
INSERT INTO "article" VALUES(41,5,1,NULL,NULL,'Sample paper 41 on synapses',X'789CAB564A2E4A2951B25232323032D33530D7353054D2512AC8CD4C51B23231D4512AC92CC949054A0727E616E4A42A142416A4162998182AE4E7291457E6251614A7162BD50200A0DE14CF','2026-07-01',NULL,NULL,NULL,'',0,0,0,'4870b73739ea32dac61dbe8aa63e0e60c81745bdca3d670e10d01790168c9c9e','2026-08-21 06:00:00.000000',NULL,NULL,NULL,NULL);
INSERT INTO "article" VALUES(60,6,1,NULL,NULL,'Sample paper 60 on synapses',X'789CAB564A2E4A2951B25232323032D335B0D4353450D2512AC8CD4C51B23233D0512AC92CC949054A0727E616E4A42A142416A41629981928E4E7291457E6251614A7162BD50200A18614D3','2026-09-10',NULL,NULL,NULL,'',0,0,0,'45c382297e5179f0ea187a0cab93c0189f637e5503adaf8fb5c51e6b2282a7ce','2026-08-21 06:00:00.000000',NULL,NULL,NULL,NULL);
INSERT INTO "article" VALUES(61,2,1,NULL,NULL,'A receptor, α subunit, the article',X'789C3DCCB10EC2201485E157B9B93335509326B2B9BA38182775A0708D440A042E53D377972EAEE7FF7256B4C5316A1CE5380DF234288902F3E21DEA49092C140CFB142BEAC78A5F1FFB8EF7EC0CD3F5FD971DD6D48AA51E6F66C981E07280FD12B79740F61CF67486429632A722E0D9E4715650DBDCA26701FC213085BDED72FB0117762E47','2026-09-10',NULL,NULL,NULL,'',0,0,0,'fb7584ef4f0a58edbd7fa9223ab710c2f51ef5a0dad84e250edca4deb4043603','2026-08-23 06:00:00.000000',NULL,NULL,NULL,NULL);
INSERT INTO "article" VALUES(90,1,1,NULL,NULL,'Agrin at the synapse',X'789C3DCC410A80201040D1ABC8AC35CC45A0BB8E623694602633D322A2BB579BB69FC7BF204E2C1493408071A15C552A070B122BC2844D76E20E34249A3FE2AC1B8CF5A6B76F6B5B9E2178AB41B214FC0F5194ACA8F8ACB131C2FD0094B2207A','2026-09-10',NULL,NULL,NULL,'',0,1,0,'e2fed2a62b861aa5ae9f37baa94a533d38c53c997569d30e78b5048dd4319f17','2026-08-16 06:00:00.000000',NULL,NULL,NULL,'2026-08-30 06:00:00.000000');
CREATE TABLE attempt (
	id INTEGER NOT NULL, 
	delivery_id INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	handed_over_at DATETIME, 
	finished_at DATETIME, 
	outcome TEXT, 
	reason TEXT, fix TEXT, 
	CONSTRAINT pk_attempt PRIMARY KEY (id), 
	CONSTRAINT fk_attempt_delivery_id_delivery FOREIGN KEY(delivery_id) REFERENCES delivery (id)
);
INSERT INTO "attempt" VALUES(1,1,'2026-08-22 06:00:00.000000','2026-08-22 06:00:00.000000','2026-08-22 06:00:00.000000','sent',NULL,NULL);
INSERT INTO "attempt" VALUES(2,2,'2026-08-22 06:00:00.000000',NULL,'2026-08-22 06:00:00.000000','parked','535 refused',NULL);
INSERT INTO "attempt" VALUES(3,3,'2026-08-22 06:00:00.000000',NULL,'2026-08-22 06:00:00.000000','parked','127.0.0.1 refused the login (535 5.7.8 Bad credentials - gsmtp) - check user and password',NULL);
INSERT INTO "attempt" VALUES(4,4,'2026-08-22 06:00:00.000000',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE config_version (
	id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	loaded_at DATETIME NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_config_version PRIMARY KEY (id), 
	CONSTRAINT uq_config_version_sha256 UNIQUE (sha256)
);
INSERT INTO "config_version" VALUES(1,'config-1','2026-08-15 06:00:00.000000','{"watches":{"nmj":{"query":"neuromuscular junction*[tiab]"}}}');
INSERT INTO "config_version" VALUES(2,'config-2','2026-08-16 06:00:00.000000','{"watches":{"nmj":{"query":"neuromuscular junction*[tiab]"},"als":{"query":"ALS[ti]"}}}');
CREATE TABLE "correction" (
	id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	notice TEXT NOT NULL, 
	found_at DATETIME NOT NULL, 
	notice_record_id INTEGER, 
	notice_doi TEXT, 
	citation TEXT NOT NULL, 
	sources TEXT NOT NULL, 
	label TEXT NOT NULL, 
	dated DATE, 
	ended_at DATETIME, 
	about_id INTEGER, 
	CONSTRAINT pk_correction PRIMARY KEY (id), 
	CONSTRAINT uq_correction_pmid_kind_notice UNIQUE (record_id, kind, notice)
);
INSERT INTO "correction" VALUES(1,1,'retraction','PMID 70','2026-08-23 06:00:00.000000',NULL,NULL,'','["PubMed"]','',NULL,NULL,NULL);
CREATE TABLE "correction_told" (
	correction_id INTEGER NOT NULL, 
	list_id INTEGER NOT NULL, 
	digest_id INTEGER, 
	notice_id INTEGER, 
	with_paper BOOLEAN NOT NULL, 
	told_at DATETIME NOT NULL, 
	CONSTRAINT pk_correction_told PRIMARY KEY (correction_id, list_id), 
	CONSTRAINT fk_correction_told_list_id_digest_list FOREIGN KEY(list_id) REFERENCES digest_list (id), 
	CONSTRAINT fk_correction_told_digest_id_digest FOREIGN KEY(digest_id) REFERENCES digest (id), 
	CONSTRAINT fk_correction_told_correction_id_correction FOREIGN KEY(correction_id) REFERENCES correction (id), 
	CONSTRAINT fk_correction_told_notice_id_notice FOREIGN KEY(notice_id) REFERENCES notice (id)
);
INSERT INTO "correction_told" VALUES(1,1,2,NULL,0,'2026-08-29 06:00:00.000000');
CREATE TABLE delivery (
	id INTEGER NOT NULL, 
	message_id INTEGER NOT NULL, 
	channel TEXT NOT NULL, 
	recipient TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	next_at DATETIME, 
	holder TEXT, 
	token TEXT, 
	lease_until DATETIME, 
	rfc822_id TEXT NOT NULL, 
	sent_at DATETIME, 
	reason TEXT, fix TEXT, remark TEXT, 
	CONSTRAINT pk_delivery PRIMARY KEY (id), 
	CONSTRAINT fk_delivery_message_id_message FOREIGN KEY(message_id) REFERENCES message (id), 
	CONSTRAINT uq_delivery_message_id_channel_recipient UNIQUE (message_id, channel, recipient), 
	CONSTRAINT uq_delivery_rfc822_id UNIQUE (rfc822_id)
);
INSERT INTO "delivery" VALUES(1,1,'mail','pi@lab.example','sent',1,'2026-08-22 06:00:00.000000',NULL,NULL,NULL,NULL,'1.b77e90d3@lab.example','2026-08-22 06:00:00.000000',NULL,NULL,'without its attachment');
INSERT INTO "delivery" VALUES(2,1,'mail','postdoc@lab.example','parked',1,'2026-08-22 06:00:00.000000','2026-08-23 06:00:00.000000',NULL,NULL,NULL,'2.7067cbbe@lab.example',NULL,'535 refused',NULL,NULL);
INSERT INTO "delivery" VALUES(3,1,'mail','gone@lab.example','dropped',1,'2026-08-22 06:00:00.000000',NULL,NULL,NULL,NULL,'3.835b9255@lab.example',NULL,'451 greylisted',NULL,NULL);
INSERT INTO "delivery" VALUES(4,2,'slack','','sending',1,'2026-08-22 06:00:00.000000','2026-08-22 06:00:00.000000','lab:1:a','b282e2a7c91a5a97a327707c2822009b','2026-09-14 06:03:00.000000','4.0cad1946@lab.example',NULL,NULL,NULL,NULL);
INSERT INTO "delivery" VALUES(5,3,'slack','','pending',0,'2026-08-22 06:00:00.000000','2026-08-22 06:00:00.000000',NULL,NULL,NULL,'5.056a4ad6@lab.example',NULL,'127.0.0.1 refused the login (535 5.7.8 Bad credentials - gsmtp) - check user and password',NULL,NULL);
INSERT INTO "delivery" VALUES(6,4,'mail','pi@lab.example','pending',0,'2026-08-29 06:00:00.000000','2026-08-29 06:00:00.000000',NULL,NULL,NULL,'6.e0ca58f0@lab.example',NULL,NULL,NULL,NULL);
INSERT INTO "delivery" VALUES(7,5,'mail','pi@lab.example','pending',0,'2026-08-23 06:00:00.000000','2026-08-23 06:00:00.000000',NULL,NULL,NULL,'7.cdc5ae4f@lab.example',NULL,NULL,NULL,NULL);
CREATE TABLE digest (
	id INTEGER NOT NULL, 
	list_id INTEGER NOT NULL, 
	period TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	slot_at DATETIME NOT NULL, 
	covers_from DATE NOT NULL, 
	covers_to DATE NOT NULL, 
	gaps TEXT NOT NULL, 
	composed_at DATETIME NOT NULL, 
	papers INTEGER NOT NULL, 
	receipt TEXT NOT NULL, 
	late_reason TEXT NOT NULL, 
	CONSTRAINT pk_digest PRIMARY KEY (id), 
	CONSTRAINT fk_digest_list_id_digest_list FOREIGN KEY(list_id) REFERENCES digest_list (id), 
	CONSTRAINT uq_digest_list_id_period UNIQUE (list_id, period)
);
INSERT INTO "digest" VALUES(1,2,'2026-08-22T08:00+02:00','scheduled','2026-08-22 06:00:00.000000','2026-08-15','2026-08-22','[{"reason":"PubMed did not answer","since":"2026-08-20","until":"2026-08-21","watch":"als"}]','2026-08-22 06:00:00.000000',1,'{"below_threshold":1,"checked":2,"failures":["HTTP 503"],"new":2,"shown":1}','it waited for PubMed');
INSERT INTO "digest" VALUES(2,2,'2026-08-29T08:00+02:00','scheduled','2026-08-29 06:00:00.000000','2026-08-22','2026-08-29','[]','2026-08-29 06:00:00.000000',0,'{}','');
CREATE TABLE digest_list (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	removed_at DATETIME, 
	CONSTRAINT pk_digest_list PRIMARY KEY (id), 
	CONSTRAINT uq_digest_list_name UNIQUE (name)
);
INSERT INTO "digest_list" VALUES(1,'daily','2026-08-15 06:00:00.000000','2026-08-16 06:00:00.000000');
INSERT INTO "digest_list" VALUES(2,'weekly','2026-08-15 06:00:00.000000',NULL);
INSERT INTO "digest_list" VALUES(3,'monthly','2026-08-24 06:00:00.000000',NULL);
INSERT INTO "digest_list" VALUES(4,'gone','2026-08-15 06:00:00.000000','2026-08-19 12:00:00.000000');
CREATE TABLE embedding (
	model_sha256 TEXT NOT NULL, 
	text_sha256 TEXT NOT NULL, 
	vector BLOB NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_embedding PRIMARY KEY (model_sha256, text_sha256)
);
INSERT INTO "embedding" VALUES('model-1','text-1',X'00010203','2026-08-23 06:00:00.000000');
CREATE TABLE feed (
	id INTEGER NOT NULL, 
	list_id INTEGER, 
	watch_id INTEGER, 
	uuid TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	after_run_id INTEGER NOT NULL, 
	CONSTRAINT pk_feed PRIMARY KEY (id), 
	CONSTRAINT fk_feed_list_id_digest_list FOREIGN KEY(list_id) REFERENCES digest_list (id), 
	CONSTRAINT fk_feed_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id), 
	CONSTRAINT uq_feed_list_id UNIQUE (list_id), 
	CONSTRAINT uq_feed_watch_id UNIQUE (watch_id), 
	CONSTRAINT uq_feed_uuid UNIQUE (uuid), 
	CONSTRAINT ck_feed_one_source CHECK ((list_id IS NULL) <> (watch_id IS NULL))
);
INSERT INTO "feed" VALUES(1,1,NULL,'00000000-0000-4000-8000-000000000001','2026-08-15 06:00:00.000000',0);
INSERT INTO "feed" VALUES(2,2,NULL,'00000000-0000-4000-8000-000000000002','2026-08-15 06:00:00.000000',0);
INSERT INTO "feed" VALUES(3,3,NULL,'00000000-0000-4000-8000-000000000003','2026-08-24 06:00:00.000000',0);
INSERT INTO "feed" VALUES(4,4,NULL,'00000000-0000-4000-8000-000000000004','2026-08-15 06:00:00.000000',0);
INSERT INTO "feed" VALUES(5,NULL,1,'00000000-0000-4000-8000-000000000005','2026-08-15 06:00:00.000000',7);
INSERT INTO "feed" VALUES(6,NULL,2,'00000000-0000-4000-8000-000000000006','2026-08-15 06:00:00.000000',0);
INSERT INTO "feed" VALUES(7,NULL,3,'00000000-0000-4000-8000-000000000007','2026-08-16 06:00:00.000000',20);
CREATE TABLE feed_entry (
	id INTEGER NOT NULL, 
	feed_id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	record_id INTEGER NOT NULL, 
	work_id INTEGER NOT NULL, 
	correction_id INTEGER, 
	last_correction_id INTEGER NOT NULL, 
	entered_at DATETIME NOT NULL, 
	body BLOB, 
	sha256 TEXT, 
	CONSTRAINT pk_feed_entry PRIMARY KEY (id), 
	CONSTRAINT fk_feed_entry_feed_id_feed FOREIGN KEY(feed_id) REFERENCES feed (id), 
	CONSTRAINT fk_feed_entry_work_id_work FOREIGN KEY(work_id) REFERENCES work (id), 
	CONSTRAINT fk_feed_entry_correction_id_correction FOREIGN KEY(correction_id) REFERENCES correction (id), 
	CONSTRAINT uq_feed_entry_feed_id_key UNIQUE (feed_id, "key")
);
INSERT INTO "feed_entry" VALUES(1,1,'2','paper',1,2,NULL,0,'2026-08-22 06:00:00.000000',NULL,NULL);
CREATE TABLE follow_up (
	list_id INTEGER NOT NULL, 
	work_id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	digest_id INTEGER NOT NULL, 
	CONSTRAINT pk_follow_up PRIMARY KEY (list_id, work_id, record_id, kind), 
	CONSTRAINT fk_follow_up_digest_id_digest FOREIGN KEY(digest_id) REFERENCES digest (id), 
	CONSTRAINT fk_follow_up_list_id_digest_list FOREIGN KEY(list_id) REFERENCES digest_list (id), 
	CONSTRAINT fk_follow_up_work_id_work FOREIGN KEY(work_id) REFERENCES work (id)
);
INSERT INTO "follow_up" VALUES(2,2,61,'later-record',2);
CREATE TABLE hit (
	watch_id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	first_run_id INTEGER NOT NULL, 
	query_version_id INTEGER, 
	tries INTEGER NOT NULL, 
	news_at DATETIME, 
	unavailable_at DATETIME, 
	starter_at DATETIME, 
	absent_since DATETIME, 
	absent_readings INTEGER NOT NULL, 
	CONSTRAINT pk_hit PRIMARY KEY (watch_id, record_id), 
	CONSTRAINT fk_hit_first_run_id_run FOREIGN KEY(first_run_id) REFERENCES run (id), 
	CONSTRAINT fk_hit_query_version_id_query_version FOREIGN KEY(query_version_id) REFERENCES query_version (id), 
	CONSTRAINT fk_hit_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id)
)
 WITHOUT ROWID

;
INSERT INTO "hit" VALUES(1,1,'news',1,1,0,'2026-08-17 06:00:00.000000',NULL,NULL,NULL,0);
INSERT INTO "hit" VALUES(1,2,'news',1,1,0,'2026-08-17 06:00:00.000000',NULL,NULL,NULL,0);
INSERT INTO "hit" VALUES(1,3,'news',1,1,1,'2026-08-18 06:00:00.000000',NULL,NULL,NULL,0);
INSERT INTO "hit" VALUES(1,4,'unavailable',1,1,1,NULL,'2026-08-18 06:00:00.000000',NULL,NULL,0);
INSERT INTO "hit" VALUES(1,5,'awaiting-record',2,1,1,NULL,NULL,NULL,NULL,0);
INSERT INTO "hit" VALUES(1,40,'baseline',1,1,0,NULL,NULL,NULL,'2026-08-18 06:00:00.000000',1);
INSERT INTO "hit" VALUES(1,41,'baseline',1,1,0,NULL,NULL,'2026-08-21 06:00:00.000000',NULL,0);
INSERT INTO "hit" VALUES(1,42,'baseline',1,1,0,NULL,NULL,NULL,NULL,0);
INSERT INTO "hit" VALUES(1,61,'news',7,2,0,'2026-08-23 06:00:00.000000',NULL,NULL,NULL,0);
INSERT INTO "hit" VALUES(3,60,'news',6,3,0,'2026-08-21 06:00:00.000000',NULL,NULL,NULL,0);
CREATE TABLE hit_origin (
	watch_id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	origin TEXT NOT NULL, 
	run_id INTEGER NOT NULL, 
	CONSTRAINT pk_hit_origin PRIMARY KEY (watch_id, record_id, origin), 
	CONSTRAINT fk_hit_origin_run_id_run FOREIGN KEY(run_id) REFERENCES run (id), 
	CONSTRAINT fk_hit_origin_watch_id_pmid_hit FOREIGN KEY(watch_id, record_id) REFERENCES hit (watch_id, record_id)
)
 WITHOUT ROWID

;
INSERT INTO "hit_origin" VALUES(1,1,'query',1);
INSERT INTO "hit_origin" VALUES(1,2,'query',1);
INSERT INTO "hit_origin" VALUES(1,2,'similar',1);
INSERT INTO "hit_origin" VALUES(1,3,'query',1);
INSERT INTO "hit_origin" VALUES(1,4,'full-set',1);
INSERT INTO "hit_origin" VALUES(1,5,'query',2);
INSERT INTO "hit_origin" VALUES(1,61,'query',7);
INSERT INTO "hit_origin" VALUES(3,60,'query',6);
CREATE TABLE judgement (
	list_id INTEGER NOT NULL, 
	watch_id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	digest_id INTEGER NOT NULL, 
	outcome TEXT NOT NULL, 
	score FLOAT NOT NULL, 
	threshold FLOAT NOT NULL, 
	ranking_id INTEGER, 
	CONSTRAINT pk_judgement PRIMARY KEY (list_id, watch_id, record_id, digest_id), 
	CONSTRAINT fk_judgement_digest_id_digest FOREIGN KEY(digest_id) REFERENCES digest (id), 
	CONSTRAINT fk_judgement_list_id_digest_list FOREIGN KEY(list_id) REFERENCES digest_list (id), 
	CONSTRAINT fk_judgement_ranking_id_ranking FOREIGN KEY(ranking_id) REFERENCES ranking (id), 
	CONSTRAINT fk_judgement_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id)
);
INSERT INTO "judgement" VALUES(2,1,1,1,'shown',50.0,35.0,1);
INSERT INTO "judgement" VALUES(2,1,2,1,'below-threshold',50.0,35.0,1);
INSERT INTO "judgement" VALUES(2,1,61,2,'already-presented',50.0,35.0,NULL);
INSERT INTO "judgement" VALUES(2,1,3,2,'retracted',50.0,35.0,NULL);
CREATE TABLE lease (
	name TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	token TEXT NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_lease PRIMARY KEY (name)
);
INSERT INTO "lease" VALUES('pubmed','lab:1:a','d01b44488cc527f05ae77aff7da8712b','2026-09-14 06:03:00.000000');
CREATE TABLE message (
	id INTEGER NOT NULL, 
	digest_id INTEGER, 
	notice_id INTEGER, 
	kind TEXT NOT NULL, 
	part INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	payload BLOB NOT NULL, 
	sha256 TEXT NOT NULL, 
	CONSTRAINT pk_message PRIMARY KEY (id), 
	CONSTRAINT ck_message_one_source CHECK ((digest_id IS NULL) <> (notice_id IS NULL)), 
	CONSTRAINT fk_message_digest_id_digest FOREIGN KEY(digest_id) REFERENCES digest (id), 
	CONSTRAINT fk_message_notice_id_notice FOREIGN KEY(notice_id) REFERENCES notice (id), 
	CONSTRAINT uq_message_digest_id_kind_part UNIQUE (digest_id, kind, part), 
	CONSTRAINT uq_message_notice_id_kind_part UNIQUE (notice_id, kind, part)
);
INSERT INTO "message" VALUES(1,1,NULL,'email',1,'[NMJ] 1 new paper',X'7B2268656164657273223A7B22582D576174636865722D4C697374223A227765656B6C79227D2C227061796C6F6164223A7B2268746D6C223A223C703E5C75303362313C2F703E5C725C6E222C2274657874223A225C75303362312D62756E6761726F746F78696E227D7D','687dea30085548d552a5fd601654eae216c254a1c2bdfcfa7ae6b131e0c98926');
INSERT INTO "message" VALUES(2,1,NULL,'slack',1,'NMJ',X'7B2268656164657273223A7B7D2C227061796C6F6164223A7B226A736F6E223A227B5C22746578745C223A5C224E4D4A5C227D227D7D','35ecd4f9daa0e581be9c818169ae162d0f0154c4f687bc92fec5e9f06571ccca');
INSERT INTO "message" VALUES(3,1,NULL,'slack',2,'NMJ',X'7B2268656164657273223A7B7D2C227061796C6F6164223A7B226A736F6E223A227B5C22746578745C223A5C224E4D4A20325C227D227D7D','931505f8f6bc54757c10a1391ed713de007fffe4dd2fa91886d60b3dc5d92f8d');
INSERT INTO "message" VALUES(4,2,NULL,'email',1,'[NMJ] 1 new paper',X'7B2268656164657273223A7B22582D576174636865722D4C697374223A227765656B6C79227D2C227061796C6F6164223A7B2268746D6C223A223C703E5C75303362313C2F703E5C725C6E222C2274657874223A225C75303362312D62756E6761726F746F78696E227D7D','687dea30085548d552a5fd601654eae216c254a1c2bdfcfa7ae6b131e0c98926');
INSERT INTO "message" VALUES(5,NULL,1,'email',1,'[watcher] nmj has not been searched',X'7B2268656164657273223A7B7D2C227061796C6F6164223A7B2274657874223A225075624D656420646F6573206E6F7420616E737765722E227D7D','955bdbc4d41a99c4c7b4c38d04f647e909b49350deeaacd8f1a650de32693945');
CREATE TABLE note (
	record_id INTEGER NOT NULL, 
	reader TEXT NOT NULL, 
	text TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_note PRIMARY KEY (record_id, reader)
);
INSERT INTO "note" VALUES(1,'pi','Read this','2026-08-25 06:00:00.000000');
CREATE TABLE "notice" (
	id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	opened_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	topic TEXT NOT NULL, 
	what TEXT NOT NULL, 
	since DATETIME NOT NULL, headline TEXT, todo TEXT, 
	CONSTRAINT pk_notice PRIMARY KEY (id), 
	CONSTRAINT uq_notice_key UNIQUE ("key")
);
INSERT INTO "notice" VALUES(1,'watch:nmj@2026-08-19','2026-08-23 06:00:00.000000','2026-08-23 06:00:00.000000','watch:nmj@2026-08-19','','2026-08-23 06:00:00.000000',NULL,NULL);
INSERT INTO "notice" VALUES(2,'channel:mail','2026-08-23 06:00:00.000000',NULL,'channel:mail','','2026-08-23 06:00:00.000000',NULL,NULL);
CREATE TABLE presented (
	list_id INTEGER NOT NULL, 
	work_id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	digest_id INTEGER NOT NULL, 
	section TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_presented PRIMARY KEY (list_id, work_id), 
	CONSTRAINT fk_presented_digest_id_digest FOREIGN KEY(digest_id) REFERENCES digest (id), 
	CONSTRAINT fk_presented_list_id_digest_list FOREIGN KEY(list_id) REFERENCES digest_list (id), 
	CONSTRAINT fk_presented_work_id_work FOREIGN KEY(work_id) REFERENCES work (id)
);
INSERT INTO "presented" VALUES(2,2,1,1,'watch',1);
CREATE TABLE query_version (
	id INTEGER NOT NULL, 
	watch_id INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	term TEXT NOT NULL, 
	translation TEXT NOT NULL, 
	phrases_not_found TEXT NOT NULL, 
	valid_from DATETIME NOT NULL, 
	baseline_cut DATE NOT NULL, 
	baseline_matched INTEGER NOT NULL, 
	CONSTRAINT pk_query_version PRIMARY KEY (id), 
	CONSTRAINT fk_query_version_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id), 
	CONSTRAINT uq_query_version_watch_id_ordinal UNIQUE (watch_id, ordinal)
);
INSERT INTO "query_version" VALUES(1,1,1,'neuromuscular junction*[tiab]','neuromuscular junction*[tiab]','[]','2026-08-17 06:00:00.000000','2026-08-15',3);
INSERT INTO "query_version" VALUES(2,1,2,'agrin[tiab]','agrin[tiab]','["motor plate"]','2026-08-21 06:00:00.000000','2026-08-15',12);
INSERT INTO "query_version" VALUES(3,3,1,'ALS[ti]','ALS[ti]','[]','2026-08-21 06:00:00.000000','2026-08-15',3);
CREATE TABLE ranking (
	id INTEGER NOT NULL, 
	watch_id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	seeds_sha256 TEXT NOT NULL, 
	background_sha256 TEXT NOT NULL, 
	last_verdict_id INTEGER, 
	code TEXT NOT NULL, 
	made_at DATETIME NOT NULL, snapshot_sha256 TEXT, 
	CONSTRAINT pk_ranking PRIMARY KEY (id), 
	CONSTRAINT fk_ranking_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id), 
	CONSTRAINT uq_ranking_watch_id_sha256 UNIQUE (watch_id, sha256)
);
INSERT INTO "ranking" VALUES(1,1,'ranking-1','seeds-1','background-1',NULL,'tfidf-1','2026-08-17 06:00:00.000000','aec1dae298bd61d9bb0151bb2a13f88a7df4741a52953ccf8ab2aeed355fd673');
CREATE TABLE reread (
	record_id INTEGER NOT NULL, 
	asked_at DATETIME NOT NULL, 
	crossref_at DATETIME, 
	absent_since DATETIME, 
	absent_at DATETIME, 
	absent_readings INTEGER NOT NULL, 
	CONSTRAINT pk_reread PRIMARY KEY (record_id)
);
INSERT INTO "reread" VALUES(1,'2026-08-29 04:00:20.000000','2026-08-29 04:00:30.000000',NULL,NULL,0);
INSERT INTO "reread" VALUES(3,'2026-08-29 04:00:20.000000',NULL,'2026-08-29 04:00:20.000000','2026-08-29 04:00:20.000000',1);
CREATE TABLE rereading (
	id INTEGER NOT NULL, 
	slot_at DATETIME NOT NULL, 
	started_at DATETIME NOT NULL, 
	read_at DATETIME, 
	finished_at DATETIME, 
	papers INTEGER NOT NULL, 
	absent INTEGER NOT NULL, 
	found INTEGER NOT NULL, 
	requests INTEGER NOT NULL, 
	dois INTEGER NOT NULL, 
	unanswered INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	failed_at DATETIME, 
	error TEXT, 
	CONSTRAINT pk_rereading PRIMARY KEY (id)
);
INSERT INTO "rereading" VALUES(1,'2026-08-29 04:00:00.000000','2026-08-29 04:00:05.000000','2026-08-29 04:00:20.000000','2026-08-29 04:00:30.000000',4,1,1,2,2,0,0,NULL,NULL);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	watch_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	query_version_id INTEGER, 
	config_id INTEGER, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	outcome TEXT, 
	window_from DATE, 
	window_to DATE, 
	full_set_as_of DATE, 
	similar_read BOOLEAN NOT NULL, 
	translation TEXT NOT NULL, 
	warnings TEXT NOT NULL, 
	matched INTEGER NOT NULL, 
	known INTEGER NOT NULL, 
	fetched INTEGER NOT NULL, 
	new INTEGER NOT NULL, 
	awaiting INTEGER NOT NULL, 
	selected INTEGER NOT NULL, 
	requests INTEGER NOT NULL, 
	seconds FLOAT NOT NULL, 
	error_kind TEXT, 
	error TEXT, 
	may_pass BOOLEAN NOT NULL, fix TEXT, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT fk_run_config_id_config_version FOREIGN KEY(config_id) REFERENCES config_version (id), 
	CONSTRAINT fk_run_query_version_id_query_version FOREIGN KEY(query_version_id) REFERENCES query_version (id), 
	CONSTRAINT fk_run_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id)
);
INSERT INTO "run" VALUES(1,1,'first',1,2,'2026-08-17 06:00:00.000000','2026-08-17 06:00:00.000000','good',NULL,NULL,'2026-08-17',1,'','[]',9,0,0,0,0,0,0,0.0,NULL,NULL,0,NULL);
INSERT INTO "run" VALUES(2,1,'window',1,2,'2026-08-18 06:00:00.000000','2026-08-18 06:00:00.000000','good','2026-08-10','2026-08-18',NULL,0,'"neuromuscular junction"[MeSH Terms]','["ignored: the"]',3,0,0,0,0,0,0,0.0,NULL,NULL,0,NULL);
INSERT INTO "run" VALUES(3,1,'window',NULL,2,'2026-08-19 06:00:00.000000','2026-08-19 06:00:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,0,0.0,'no-answer','HTTP 503',1,NULL);
INSERT INTO "run" VALUES(4,1,'window',NULL,2,'2026-08-20 06:00:00.000000','2026-08-20 06:00:00.000000','abandoned',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,0,0.0,'cut-off','the process ended before the run did',1,NULL);
INSERT INTO "run" VALUES(5,1,'edit',2,2,'2026-08-21 06:00:00.000000','2026-08-21 06:00:00.000000','good',NULL,NULL,'2026-08-21',0,'','[]',12,0,0,0,0,0,0,0.0,NULL,NULL,0,NULL);
INSERT INTO "run" VALUES(6,3,'first',3,2,'2026-08-21 06:00:00.000000','2026-08-21 06:00:00.000000','good',NULL,NULL,'2026-08-21',0,'','[]',1,0,0,0,0,0,0,0.0,NULL,NULL,0,NULL);
INSERT INTO "run" VALUES(7,1,'window',2,2,'2026-08-23 06:00:00.000000','2026-08-23 06:00:00.000000','good',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,0,0.0,NULL,NULL,0,NULL);
INSERT INTO "run" VALUES(8,3,'window',NULL,2,'2026-08-29 06:00:00.000000',NULL,NULL,NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,0,0.0,NULL,NULL,0,NULL);
INSERT INTO "run" VALUES(9,3,'window',NULL,NULL,'2026-08-17 06:00:00.000000','2026-08-17 06:01:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'no-answer','HTTP 503',1,NULL);
INSERT INTO "run" VALUES(10,3,'window',NULL,NULL,'2026-08-18 06:00:00.000000','2026-08-18 06:01:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'answer-late','no answer within 300 s',1,NULL);
INSERT INTO "run" VALUES(11,3,'window',NULL,NULL,'2026-08-19 06:00:00.000000','2026-08-19 06:01:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'answer-incomplete','PubMed announced 20 ids and gave 18',1,NULL);
INSERT INTO "run" VALUES(12,3,'window',NULL,NULL,'2026-08-20 06:00:00.000000','2026-08-20 06:01:00.000000','refused',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'too-many-matches','60,000 records match, more than allow_over (50,000): narrow the query, or raise allow_over',0,NULL);
INSERT INTO "run" VALUES(13,3,'window',NULL,NULL,'2026-08-21 06:00:00.000000','2026-08-21 06:01:00.000000','refused',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'cannot-be-cut','over 9,999 records share one day',0,NULL);
INSERT INTO "run" VALUES(14,3,'window',NULL,NULL,'2026-08-22 06:00:00.000000','2026-08-22 06:01:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'key-refused','NCBI refused the API key',0,NULL);
INSERT INTO "run" VALUES(15,3,'window',NULL,NULL,'2026-08-23 06:00:00.000000','2026-08-23 06:01:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'seeds-unreadable','seeds/als/a.ris:3: TY is missing
    begin each reference with TY',0,NULL);
INSERT INTO "run" VALUES(16,3,'window',NULL,NULL,'2026-08-24 06:00:00.000000','2026-08-24 06:01:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'seeds-unusable','no seed has text',0,NULL);
INSERT INTO "run" VALUES(17,3,'window',NULL,NULL,'2026-08-25 06:00:00.000000','2026-08-25 06:01:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'waits-for-quiet-hours','waits for NCBI''s quiet hours',1,NULL);
INSERT INTO "run" VALUES(18,3,'window',NULL,NULL,'2026-08-26 06:00:00.000000','2026-08-26 06:01:00.000000','abandoned',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'cut-off','the process ended before the run did',1,NULL);
INSERT INTO "run" VALUES(19,3,'window',NULL,NULL,'2026-08-27 06:00:00.000000','2026-08-27 06:01:00.000000','abandoned',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'stopped','the service was stopped; the next start goes on',1,NULL);
INSERT INTO "run" VALUES(20,3,'window',NULL,NULL,'2026-08-28 06:00:00.000000','2026-08-28 06:01:00.000000','failed',NULL,NULL,NULL,0,'','[]',0,0,0,0,0,0,1,1.0,'other','an earlier version called it so',1,NULL);
CREATE TABLE score (
	watch_id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	ranking_id INTEGER NOT NULL, 
	content_sha256 TEXT NOT NULL, 
	value FLOAT NOT NULL, 
	reasons TEXT NOT NULL, 
	CONSTRAINT pk_score PRIMARY KEY (watch_id, record_id, ranking_id, content_sha256), 
	CONSTRAINT fk_score_pmid_article FOREIGN KEY(record_id) REFERENCES article (record_id), 
	CONSTRAINT fk_score_ranking_id_ranking FOREIGN KEY(ranking_id) REFERENCES ranking (id), 
	CONSTRAINT fk_score_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id)
);
INSERT INTO "score" VALUES(1,1,1,'75e77b32d23dafbde33642591e6c43e2ef9d43c2aa765b6c11c1c6c539c89c67',61.5,'{"headings":[{"text":"Synapses","weight":0.2}],"nearest_seed":"Agrin at the synapse","nearest_similarity":0.71,"terms":[{"text":"agrin","weight":0.6},{"text":"MuSK","weight":0.4}]}');
INSERT INTO "score" VALUES(1,2,1,'eecfa1a2ea7204a3186f842b1cee41002580e8fbef1d8535ebadd33e89a5fedf',12.25,'{"headings":[{"text":"Synapses","weight":0.2}],"nearest_seed":"Agrin at the synapse","nearest_similarity":0.71,"terms":[{"text":"agrin","weight":0.6},{"text":"MuSK","weight":0.4}]}');
CREATE TABLE search_change (
	work_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	CONSTRAINT pk_search_change PRIMARY KEY (work_id)
);
INSERT INTO "search_change" VALUES(1,1);
INSERT INTO "search_change" VALUES(2,1);
INSERT INTO "search_change" VALUES(3,1);
INSERT INTO "search_change" VALUES(4,1);
INSERT INTO "search_change" VALUES(5,1);
INSERT INTO "search_change" VALUES(6,1);
CREATE TABLE search_source (
	id INTEGER NOT NULL, 
	token TEXT NOT NULL, 
	CONSTRAINT pk_search_source PRIMARY KEY (id)
);
INSERT INTO "search_source" VALUES(1,'4333864e83da4397b3cc54fd704c63d0');
CREATE TABLE seed (
	id INTEGER NOT NULL, 
	watch_id INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	locator TEXT NOT NULL, 
	file_sha256 TEXT NOT NULL, 
	record_id INTEGER, 
	resolved_by TEXT, 
	resolved_at DATETIME NOT NULL, 
	problem TEXT, 
	removed_at DATETIME, 
	CONSTRAINT pk_seed PRIMARY KEY (id), 
	CONSTRAINT fk_seed_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id), 
	CONSTRAINT uq_seed_watch_id_path_locator UNIQUE (watch_id, path, locator)
);
INSERT INTO "seed" VALUES(1,1,'nmj/list.txt','line 2','sha',90,'doi','2026-08-16 06:00:00.000000',NULL,NULL);
INSERT INTO "seed" VALUES(2,1,'nmj/old.ris','entry 1','sha',NULL,NULL,'2026-08-15 06:00:00.000000','no such DOI in PubMed','2026-08-16 06:00:00.000000');
CREATE TABLE signing_key (
	id INTEGER NOT NULL, 
	secret TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_signing_key PRIMARY KEY (id)
);
INSERT INTO "signing_key" VALUES(1,'sample-key-of-no-service','2026-08-20 06:00:00.000000');
CREATE TABLE snapshot (
	watch_id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	term TEXT NOT NULL, 
	papers INTEGER NOT NULL, 
	taken_at DATETIME NOT NULL, 
	content BLOB NOT NULL, 
	ranking_sha256 TEXT, 
	belief TEXT, 
	CONSTRAINT pk_snapshot PRIMARY KEY (watch_id), 
	CONSTRAINT fk_snapshot_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id)
);
INSERT INTO "snapshot" VALUES(1,'aec1dae298bd61d9bb0151bb2a13f88a7df4741a52953ccf8ab2aeed355fd673','agrin',300,'2026-09-14 06:00:00.000000',X'789C4BCE2FCD2B2956C84F53C8CC2B4BCD2B494D5128CF2F4A29060074BC095E',NULL,NULL);
CREATE TABLE stop (
	id INTEGER NOT NULL, 
	list_id INTEGER NOT NULL, 
	reader TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	until_at DATETIME, 
	via TEXT, 
	ended_at DATETIME, 
	owner_told_at DATETIME, 
	CONSTRAINT pk_stop PRIMARY KEY (id), 
	CONSTRAINT fk_stop_list_id_digest_list FOREIGN KEY(list_id) REFERENCES digest_list (id)
);
INSERT INTO "stop" VALUES(1,1,'pi@lab.example','2026-08-24 06:00:00.000000',NULL,'cli',NULL,'2026-08-24 06:05:00.000000');
INSERT INTO "stop" VALUES(2,1,'postdoc@lab.example','2026-08-24 06:00:00.000000','2026-09-30 22:00:00.000000','page','2026-08-25 06:00:00.000000',NULL);
CREATE TABLE "subscription" (
	list_id INTEGER NOT NULL, 
	watch_id INTEGER NOT NULL, 
	since DATE NOT NULL, 
	until DATE, 
	created_at DATETIME NOT NULL, 
	after_run_id INTEGER NOT NULL, until_run_id INTEGER, 
	CONSTRAINT pk_subscription PRIMARY KEY (list_id, watch_id, since), 
	CONSTRAINT fk_subscription_list_id_digest_list FOREIGN KEY(list_id) REFERENCES digest_list (id), 
	CONSTRAINT fk_subscription_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id)
);
INSERT INTO "subscription" VALUES(1,1,'2026-08-15','2026-08-16','2026-08-15 06:00:00.000000',0,0);
INSERT INTO "subscription" VALUES(2,1,'2026-08-15',NULL,'2026-08-15 06:00:00.000000',0,NULL);
INSERT INTO "subscription" VALUES(2,2,'2026-08-15','2026-08-16','2026-08-15 06:00:00.000000',0,0);
INSERT INTO "subscription" VALUES(2,3,'2026-08-15',NULL,'2026-08-16 06:00:00.000000',0,NULL);
INSERT INTO "subscription" VALUES(3,1,'2026-08-20',NULL,'2026-08-24 06:00:00.000000',7,NULL);
INSERT INTO "subscription" VALUES(4,1,'2026-08-15','2026-08-19','2026-08-15 06:00:00.000000',0,3);
CREATE TABLE verdict (
	id INTEGER NOT NULL, 
	watch_id INTEGER, 
	record_id INTEGER NOT NULL, 
	reader TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	via TEXT, 
	undone_at DATETIME, 
	CONSTRAINT pk_verdict PRIMARY KEY (id), 
	CONSTRAINT fk_verdict_watch_id_watch FOREIGN KEY(watch_id) REFERENCES watch (id)
);
INSERT INTO "verdict" VALUES(1,1,1,'pi','relevant','2026-08-23 06:00:00.000000','mail',NULL);
INSERT INTO "verdict" VALUES(2,NULL,2,'pi','not-relevant','2026-08-23 06:00:00.000000',NULL,'2026-08-23 06:00:00.000000');
CREATE TABLE watch (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	removed_at DATETIME, 
	CONSTRAINT pk_watch PRIMARY KEY (id), 
	CONSTRAINT uq_watch_name UNIQUE (name)
);
INSERT INTO "watch" VALUES(1,'nmj','2026-08-15 06:00:00.000000',NULL);
INSERT INTO "watch" VALUES(2,'old','2026-08-15 06:00:00.000000','2026-08-16 06:00:00.000000');
INSERT INTO "watch" VALUES(3,'als','2026-08-16 06:00:00.000000',NULL);
CREATE TABLE work (
	id INTEGER NOT NULL, 
	CONSTRAINT pk_work PRIMARY KEY (id)
);
INSERT INTO "work" VALUES(1);
INSERT INTO "work" VALUES(2);
INSERT INTO "work" VALUES(3);
INSERT INTO "work" VALUES(4);
INSERT INTO "work" VALUES(5);
INSERT INTO "work" VALUES(6);
CREATE TABLE work_link (
	from_record_id INTEGER NOT NULL, 
	to_record_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	found_at DATETIME NOT NULL, 
	CONSTRAINT pk_work_link PRIMARY KEY (from_record_id, to_record_id, kind)
);
INSERT INTO "work_link" VALUES(61,1,'UpdateOf','stated by the record','2026-08-23 06:00:00.000000');
CREATE TABLE zotero_change (
	id INTEGER NOT NULL, 
	collection_id INTEGER NOT NULL, 
	found_at DATETIME NOT NULL, 
	came INTEGER NOT NULL, 
	went INTEGER NOT NULL, 
	changed INTEGER NOT NULL, 
	CONSTRAINT pk_zotero_change PRIMARY KEY (id), 
	CONSTRAINT fk_zotero_change_collection_id_zotero_collection FOREIGN KEY(collection_id) REFERENCES zotero_collection (id)
);
INSERT INTO "zotero_change" VALUES(1,1,'2026-08-25 06:00:00.000000',1,0,0);
CREATE TABLE zotero_collection (
	id INTEGER NOT NULL, 
	library TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	subcollections BOOLEAN NOT NULL, 
	name TEXT NOT NULL, 
	version INTEGER, 
	read_at DATETIME, 
	looked_at DATETIME, 
	shrank_to INTEGER, 
	accepts BOOLEAN NOT NULL, 
	failures INTEGER NOT NULL, 
	failed_at DATETIME, 
	error TEXT, 
	fix TEXT, 
	may_pass BOOLEAN NOT NULL, 
	CONSTRAINT pk_zotero_collection PRIMARY KEY (id), 
	CONSTRAINT uq_zotero_collection_library_collection_subcollections UNIQUE (library, collection, subcollections)
);
INSERT INTO "zotero_collection" VALUES(1,'groups/12345','SEED2345',0,'Examples',3,'2026-08-25 06:00:00.000000','2026-08-25 06:00:00.000000',NULL,0,1,'2026-08-26 06:00:00.000000','Zotero answered 503',NULL,1);
CREATE TABLE zotero_item (
	library TEXT NOT NULL, 
	item_key TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	is_paper BOOLEAN NOT NULL, 
	body TEXT, 
	pmid INTEGER, 
	doi TEXT, 
	pmcid TEXT, 
	title_key TEXT, 
	gone_at DATETIME, 
	CONSTRAINT pk_zotero_item PRIMARY KEY (library, item_key)
);
INSERT INTO "zotero_item" VALUES('groups/12345','PAPA2222',1,1,'{"title": "PAPA2222", "tags": []}',1,NULL,NULL,NULL,NULL);
INSERT INTO "zotero_item" VALUES('groups/12345','PAPB2222',2,1,'{"title": "PAPB2222", "tags": []}',2,NULL,NULL,NULL,NULL);
CREATE TABLE zotero_library (
	library TEXT NOT NULL, 
	version INTEGER, 
	read_at DATETIME, 
	is_open BOOLEAN NOT NULL, 
	failures INTEGER NOT NULL, 
	failed_at DATETIME, 
	error TEXT, 
	fix TEXT, 
	may_pass BOOLEAN NOT NULL, 
	CONSTRAINT pk_zotero_library PRIMARY KEY (library)
);
INSERT INTO "zotero_library" VALUES('groups/12345',3,'2026-08-24 06:00:00.000000',0,0,NULL,NULL,NULL,1);
CREATE TABLE zotero_member (
	collection_id INTEGER NOT NULL, 
	item_key TEXT NOT NULL, 
	CONSTRAINT pk_zotero_member PRIMARY KEY (collection_id, item_key), 
	CONSTRAINT fk_zotero_member_collection_id_zotero_collection FOREIGN KEY(collection_id) REFERENCES zotero_collection (id)
);
INSERT INTO "zotero_member" VALUES(1,'PAPA2222');
INSERT INTO "zotero_member" VALUES(1,'PAPB2222');
CREATE TABLE zotero_server (
	address TEXT NOT NULL, 
	rests_until DATETIME, 
	refused_at DATETIME, 
	refused_config_sha256 TEXT, 
	said TEXT, 
	CONSTRAINT pk_zotero_server PRIMARY KEY (address)
);
INSERT INTO "zotero_server" VALUES('https://api.zotero.org/','2026-08-26 07:00:00.000000',NULL,NULL,NULL);
CREATE INDEX work_link_to ON work_link (to_record_id);
CREATE INDEX run_finished ON run (watch_id, finished_at);
CREATE UNIQUE INDEX run_open ON run (watch_id) WHERE finished_at IS NULL;
CREATE INDEX hit_news ON hit (watch_id) WHERE state = 'news';
CREATE INDEX hit_open ON hit (watch_id, state) WHERE state = 'awaiting-record';
CREATE INDEX hit_starter ON hit (watch_id) WHERE starter_at IS NOT NULL;
CREATE INDEX delivery_due ON delivery (next_at) WHERE state IN ('pending', 'sending', 'parked');
CREATE INDEX attempt_delivery ON attempt (delivery_id);
CREATE UNIQUE INDEX notice_open ON notice (topic) WHERE closed_at IS NULL;
CREATE INDEX embedding_text ON embedding (text_sha256);
CREATE INDEX embedding_made ON embedding (made_at);
CREATE INDEX correction_notice ON correction (notice_record_id);
CREATE UNIQUE INDEX rereading_open ON rereading (slot_at) WHERE finished_at IS NULL;
CREATE INDEX article_pmcid ON article (pmcid);
CREATE INDEX article_work ON article (work_id);
CREATE INDEX article_crdt ON article (crdt);
CREATE INDEX article_kept ON article (fetched_at) WHERE forgotten_at IS NULL;
CREATE INDEX article_doi ON article (doi);
CREATE INDEX article_damaged ON article (record_id) WHERE damaged_at IS NOT NULL;
CREATE INDEX hit_record ON hit (record_id);
CREATE INDEX judgement_record ON judgement (record_id);
CREATE INDEX feed_entry_work ON feed_entry (work_id);
CREATE INDEX feed_entry_whole ON feed_entry (feed_id) WHERE body IS NOT NULL;
CREATE INDEX zotero_item_pmid ON zotero_item (pmid);
CREATE INDEX zotero_item_doi ON zotero_item (doi);
CREATE INDEX zotero_item_pmcid ON zotero_item (pmcid);
CREATE INDEX zotero_item_title ON zotero_item (title_key);
CREATE INDEX zotero_change_found ON zotero_change (collection_id, found_at);
CREATE INDEX search_change_number ON search_change (number, work_id);
CREATE INDEX score_record ON score (record_id, watch_id, ranking_id, value);
COMMIT;
