"""What `nmt.translate` computes with: one engine per module.

An engine (`engine.Engine`) takes `EngineOptions`, inspects the models that they name without
importing anything slow, and returns what loads them. `pytorch` runs trained models, `onnx_runtime`
exported ones without torch.
"""
