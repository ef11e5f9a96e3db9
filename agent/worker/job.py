"""The job's entrypoint and its end: which call it runs, and the last net under it."""

import structlog
from livekit.agents import JobContext

from agent.domain.calls import EventKind
from agent.telephony.dispatch import JobMetadata, read_metadata
from agent.worker.call import CallJob
from agent.worker.inbound_call import take_inbound
from agent.worker.outbound_call import take_outbound
from agent.worker.parts import BuildParts

log = structlog.get_logger(__name__)

_KEY = "running_call"


async def run_call(build: BuildParts, ctx: JobContext) -> None:
    """The job's entrypoint. Its metadata says which call to place; without, somebody calls us."""
    ctx.log_context_fields = {"job_id": ctx.job.id}
    running: CallJob | None = None
    metadata = read_metadata(ctx.job.metadata)
    try:
        if isinstance(metadata, JobMetadata):
            running = await take_outbound(build, ctx, metadata)
        else:
            running = await take_inbound(build, ctx, metadata)
        ctx.proc.userdata[_KEY] = running
        ctx.log_context_fields = {"job_id": ctx.job.id, "call_id": str(running.call.id)}
        await running.run()
    except Exception as error:  # the job's last net: no caller on a silent line
        log.exception("call_crashed", error=type(error).__name__)
        if running is None:
            if not isinstance(metadata, JobMetadata):
                ctx.delete_room()  # of a call that we place the next try may ring in there
            ctx.shutdown(reason="call could not be taken")
            return
        running.call.note(EventKind.CRASHED, urgent=True, error=type(error).__name__)
        await running.apologise()


async def end_call(ctx: JobContext) -> None:
    """The framework's on_session_end: the session is closed, however that came about."""
    running: CallJob | None = ctx.proc.userdata.get(_KEY)
    if running is not None:
        await running.finish()
