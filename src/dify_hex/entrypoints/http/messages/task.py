"""Messages of one slice: background jobs."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "task_not_found": Message("The task does not exist.", "任务不存在。"),
    "task_is_over": Message(
        "The task is over, so it cannot be cancelled.", "任务已结束，无法取消。"
    ),
    "task_not_failed": Message(
        "Only a task that has failed can be tried again or dropped; this one is `{status}`.",
        "只有失败的任务才能重试或删除；该任务的状态为 {status}。",
    ),
    "task_is_owed": Message(
        "The task completes what was done already (`{kind}`), so it can be neither cancelled nor "
        "dropped; where it has failed, retry it.",
        "该任务（{kind}）用于完成已生效的操作，不能取消或删除；若已失败，请重试。",
    ),
    "task_key_busy": Message(
        "Another task does the same work already; wait for it, or cancel it.",
        "已有另一个任务在做同样的工作，请等待其结束或先取消它。",
    ),
    "task_taken_over": Message("Somebody else works on the task by now.", "任务已由其他进程接手。"),
    "task_kind_unknown": Message(
        "No worker of this release knows what to do for `{kind}`.",
        "当前版本的工作进程无法处理类型为 {kind} 的任务。",
    ),
    "task_order_invalid": Message(
        "A job needs a kind, sensible limits, and arguments that are short: `{field}` is none.",
        "任务需要类型、合理的限制以及简短的参数：{field} 无效。",
    ),
    "schedule_invalid": Message(
        "The schedule's `{field}` cannot be meant; a cron expression has five fields.",
        "计划的 {field} 无效；cron 表达式须有五个字段。",
    ),
}
