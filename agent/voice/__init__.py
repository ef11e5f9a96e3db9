"""Speech in and out: the STT/LLM/TTS/VAD pipeline, audio rendered ahead, the recorder.

Called by `worker` and `conversation`."""
