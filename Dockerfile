# The one image: every service, `votewave migrate` and the operators' commands, at one version.
#
#   ./just image            builds it and says how large it is; docs/release.md says what has been proven of it
#
# The base is pinned by digest, so that the same commit gives the same image; to move on, look up the tag's newest
# digest, change it here, and let CI build and scan it. Another base, such as a registry's mirror: --build-arg BASE=…
ARG BASE=docker.io/library/python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

# ---- build: uv, the locked packages, byte code. The next stage takes only /opt/votewave from it.
FROM ${BASE} AS build
ARG BASE
RUN case "${BASE}" in \
    *@sha256:????????????????????????????????????????????????????????????????) ;; \
    *) echo "BASE=${BASE} isn't pinned: name it with its digest, as NAME@sha256:…" >&2; exit 1 ;; \
    esac
RUN apt-get -qq update && apt-get -qq install --yes --no-install-recommends binutils > /dev/null
WORKDIR /src
COPY tools/bring.py tools/
COPY uv.lock ./
RUN python3 tools/bring.py /opt/tools uv
ENV UV_PROJECT_ENVIRONMENT=/opt/votewave UV_COMPILE_BYTECODE=1 PYTHONNODEBUGRANGES=1 UV_LINK_MODE=copy UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never UV_PYTHON=python3 UV_SYSTEM_CERTS=1
# Packages before code: they change less often, so their layer stays cached.
COPY pyproject.toml ./
# Litestar's command and its generators of example data aren't used here and take 36 MB.
ENV LEFT_OUT="--no-install-package faker --no-install-package polyfactory --no-install-package rich-click \
    --no-install-package pygments --no-install-package markdown-it-py --no-install-package mdurl"
RUN /opt/tools/uv sync --quiet --frozen --no-default-groups --no-install-project ${LEFT_OUT}
COPY README.md LICENSE ./
COPY services services
RUN /opt/tools/uv sync --quiet --frozen --no-default-groups --no-editable ${LEFT_OUT} \
    && mkdir -p /opt/votewave/share/votewave \
    && cp LICENSE /opt/votewave/share/votewave/ \
    && /opt/tools/uv export --quiet --frozen --no-default-groups --format cyclonedx1.5 --preview-features sbom-export \
       --output-file /opt/votewave/share/votewave/sbom.cdx.json > /dev/null \
    && rm -f /opt/votewave/.lock /opt/votewave/bin/activate*
# Seventy megabytes that nothing here reads: debug symbols, headers, packages' tests, and the descriptions of AWS services
# not in use.
RUN find /opt/votewave -name '*.so*' -exec strip --strip-unneeded {} + \
    && find /opt/votewave \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.[ch]' \) -delete \
    && cd /opt/votewave/lib/python3*/site-packages \
    && rm -r alembic/testing greenlet/tests regex/tests sqlalchemy/testing \
    && cd botocore/data \
    && find . -mindepth 1 -maxdepth 1 -type d ! -name s3 ! -name secretsmanager ! -name sesv2 ! -name sts ! -name 'sso*' \
       -exec rm -r {} + \
    && /opt/votewave/bin/python -c "from services.registry import load_services; import services.core.http.application, services.core.serve.server; \
       load_services(['all']); from boto3 import Session; \
       [Session(region_name='eu-central-1').client(it) for it in ('s3', 'secretsmanager', 'sesv2', 'sts')]"

# ---- web: the client, by Node.js and the packages that the lock files name. Only what is built of them is taken.
FROM ${BASE} AS web
WORKDIR /src
COPY tools/bring.py tools/
COPY uv.lock pyproject.toml ./
RUN python3 tools/bring.py /opt/tools uv
RUN UV_PROJECT_ENVIRONMENT=/opt/node UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never UV_PYTHON=python3 UV_SYSTEM_CERTS=1 \
    /opt/tools/uv sync --quiet --frozen --no-install-project --only-group web
COPY services/__init__.py services/absent.py services/
COPY services/web services/web
COPY frontend frontend
RUN NODE_USE_SYSTEM_CA=1 /opt/node/bin/python -m services.web build

# ---- the image
FROM ${BASE}
# No installer is left: neither pip nor ensurepip. User 10001 is in root's group but has no root rights: the Consul
# token that Nomad writes for a task is readable only by root and that group.
RUN python3 -c "import glob, shutil, sysconfig; \
      places = {sysconfig.get_path('purelib'), sysconfig.get_path('stdlib'), '/usr/lib/python3/dist-packages'}; \
      names = ('pip', 'pip-*', 'setuptools', 'setuptools-*', 'pkg_resources', '_distutils_hack', 'wheel', 'wheel-*', 'ensurepip'); \
      [shutil.rmtree(it) for p in places for n in names for it in glob.glob(f'{p}/{n}')]" \
    && rm -rf /usr/local/bin/pip* /usr/local/bin/wheel /usr/bin/pip* /usr/share/python-wheels \
    && echo 'votewave:x:10001:0::/tmp:/usr/sbin/nologin' >> /etc/passwd
COPY --from=build /opt/votewave /opt/votewave
COPY --from=web /src/frontend/dist/served /opt/votewave/share/votewave/web
# Columns of source lines, which only a traceback's underlining needs, take a megabyte of each process.
ENV PATH=/opt/votewave/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONNODEBUGRANGES=1
USER 10001:0
WORKDIR /tmp
STOPSIGNAL SIGTERM
# No HEALTHCHECK: Nomad and Consul check /health/ready and /health/live, and a third check could only contradict them.
HEALTHCHECK NONE
ENTRYPOINT ["votewave"]
CMD ["--help"]

# Last, because they change with each commit.
ARG REVISION=unknown
ARG VERSION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="VoteWave" \
      org.opencontainers.image.description="Social voting: every service in one image" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.source="${SOURCE}"
