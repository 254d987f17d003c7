"""The pages, each a function without arguments.

Streamlit would run every file of a folder called ``pages`` as a script of its own.
"""
