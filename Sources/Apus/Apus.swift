@_exported public import AttentionEngine
@_exported public import PluginKit
@_exported public import ImagePlugin
