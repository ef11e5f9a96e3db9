"""The phone network stand-in: a front door in front of a real livekit-server, and its phones.

It answers CreateSIPParticipant and TransferSIPParticipant as livekit-sip was recorded to answer
them, and passes everything else through. `python -m agent.local.phone_network` runs it. Tests use
`network.PhoneNetwork` in-process; nothing outside `cli` and `local` may import it.
"""
