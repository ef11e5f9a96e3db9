"""The peer: a worker of the plain framework with its defaults, as its first example has it.

It knows nothing of this project and is run by the framework's own command. Two settings differ
from the defaults, both in its favour: a process stands ready for a call (the default too, with
`start`), and its load is not measured, because a machine of two cores counts as full at once.
"""

import os

from livekit.agents import Agent, AgentServer, AgentSession, JobContext
from livekit.plugins import deepgram, openai

INSTRUCTIONS = "You are a friendly sales assistant on the telephone. Answer in a sentence or two."


def no_load(_: AgentServer) -> float:
    return 0.0


server = AgentServer(num_idle_processes=1, load_fnc=no_load, host="127.0.0.1", port=0)


@server.rtc_session(agent_name="bench-plain")
async def entrypoint(ctx: JobContext) -> None:
    session = AgentSession[None](
        stt=deepgram.STT(base_url=f"{os.environ['DEEPGRAM_BASE_URL']}/v1/listen"),
        llm=openai.LLM(),
        tts=openai.TTS(),
    )
    await session.start(Agent(instructions=INSTRUCTIONS), room=ctx.room)
    await session.generate_reply(instructions="Greet the caller and offer your help.")
