"""The workbench as a Streamlit application: thin pages over `mmseg_trash.workbench`."""
