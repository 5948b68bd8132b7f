# The service as an image: `docker compose up --detach --build --wait`, see docs/operations.md. Needs nothing but this folder and Python's packages.
ARG PYTHON_IMAGE=python:3.13-slim
# dense: with onnxruntime and tokenizers, for a sentence-embedding model (some 120 MB more; docs/ranking.md, "The dense part")
ARG EXTRA=""

# --- everything becomes a wheel, in a stage that is thrown away -------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS wheels
ARG EXTRA
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /tools
COPY requirements-build.lock requirements-run.lock requirements-dense.lock /source/
# both files hold hashes; without isolation nothing else is fetched, not even by a dependency that has to be built
RUN case "$EXTRA" in ""|dense) ;; *) echo "EXTRA is \"$EXTRA\"; it may be empty or dense" >&2; exit 1 ;; esac \
 && /tools/bin/pip install --quiet --require-hashes --no-deps --requirement /source/requirements-build.lock \
 && /tools/bin/pip wheel --quiet --require-hashes --no-deps --no-build-isolation --wheel-dir /wheels --requirement "/source/requirements-${EXTRA:-run}.lock"
COPY pyproject.toml README.md LICENSE /source/
COPY watcher /source/watcher
COPY standins /source/standins
# the lab's own config/ and seeds/ are mounted, never copied: an image that is passed on must not hold a password
RUN mkdir /source/config /source/seeds \
 && /tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels /source
# slimmed and compiled here, since at run time nothing but data/ can be written: decision 62
COPY tools/slim.py /source/tools/
RUN python -m venv --without-pip /opt/watcher \
 && /tools/bin/pip --python /opt/watcher/bin/python install --quiet --no-deps --no-index --no-compile /wheels/*.whl \
 && /opt/watcher/bin/python /source/tools/slim.py
# a model, if one is to be inside: the folder, below this one, that holds it. The brackets let the files be absent, but not their folder, so
# that without a model it is one that is there and holds none; LICENSE is there so that something is copied
ARG MODEL_FOLDER=""
COPY LICENSE ${MODEL_FOLDER:-watcher}/model.onn[x] ${MODEL_FOLDER:-watcher}/tokenizer.jso[n] /model/
# how the model is used: all but its pooling, whose folder of its own may be absent; ranking.dense_pooling says that
COPY LICENSE ${MODEL_FOLDER:-watcher}/sentence_bert_config.jso[n] ${MODEL_FOLDER:-watcher}/config_sentence_transformers.jso[n] ${MODEL_FOLDER:-watcher}/tokenizer_config.jso[n] /model/
RUN if [ -n "$MODEL_FOLDER" ] && ! [ -f /model/model.onnx -a -f /model/tokenizer.json ]; then echo "MODEL_FOLDER is \"$MODEL_FOLDER\"; it should hold model.onnx and tokenizer.json" >&2; exit 1; fi \
 && rm /model/LICENSE && chmod -R a+rX /model

# --- what runs --------------------------------------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE}
ARG REVISION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="watcher" \
      org.opencontainers.image.description="Watches PubMed for a lab and sends it one digest a week." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# a number that stays: it owns the volume. data/ belongs to it, so that a fresh volume does; pip is not needed any more
RUN groupadd --gid 10001 watcher \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /srv/watcher --shell /usr/sbin/nologin watcher \
 && mkdir -p /srv/watcher/config /srv/watcher/seeds /run/secrets \
 && ln -s /run/secrets /srv/watcher/secrets \
 && install -d -o 10001 -g 10001 -m 0700 /srv/watcher/data \
 && find / -xdev \( -path '*-packages/pip' -o -path '*-packages/pip-*' -o -name ensurepip -o -path '*/bin/pip*' \) -prune -exec rm -rf {} +
COPY --from=wheels /opt/watcher /opt/watcher
COPY --from=wheels /model /srv/watcher/model
ENV PATH=/opt/watcher/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    WATCHER_CONFIG=/srv/watcher/config
WORKDIR /srv/watcher
USER 10001:10001
VOLUME /srv/watcher/data
HEALTHCHECK --interval=20s --timeout=10s --start-period=60s --retries=3 CMD ["watcher", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["watcher"]
CMD ["serve"]
