"""Models behind an HTTP address: the scheduler that steps all texts together, and the application.

It may import `chargen.language_model` and what is below it; never TensorFlow, never
`chargen.corpus`. FastAPI, uvicorn, pydantic and prometheus-client come with the extra `serve`.
"""
