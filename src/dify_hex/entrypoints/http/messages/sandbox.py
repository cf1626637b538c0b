"""Messages about code that tenants have run."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "code_failed": Message(
        "The code failed: {error}",
        "代码执行失败：{error}",
    ),
    "code_output_invalid": Message(
        "The code did not return what it declares; details name the output.",
        "代码的返回值与声明的输出不符，具体输出见 details。",
    ),
    "sandbox_busy": Message(
        "Too many executions wait for the sandbox already; try again shortly.",
        "等待沙箱的任务过多，请稍后再试。",
    ),
    "sandbox_memory_exceeded": Message(
        "The code wanted more than {limit_bytes} bytes of memory.",
        "代码使用的内存超过 {limit_bytes} 字节。",
    ),
    "sandbox_output_too_large": Message(
        "The code put out more than {limit_bytes} bytes.",
        "代码的输出超过 {limit_bytes} 字节。",
    ),
    "sandbox_profile_not_installed": Message(
        "The libraries of {profile} are not installed: {advice}.",
        "未安装 {profile} 所需的库：{advice}。",
    ),
    "sandbox_refuses": Message(
        "This machine cannot keep code in; it lacks: {lacking}.",
        "本机无法安全隔离代码，缺少：{lacking}。",
    ),
    "sandbox_timeout": Message(
        "The code took longer than {limit_seconds} seconds.",
        "代码运行超过 {limit_seconds} 秒。",
    ),
    "sandbox_unavailable": Message(
        "The sandbox does not answer; try again shortly.",
        "沙箱暂无响应，请稍后再试。",
    ),
}
