"""What Python adds to the module's part of the ``itk`` package: volumes of any kind, keywords, copies of models.

``registration`` puts it in place when ITK loads the module; nothing here is imported before.
"""
