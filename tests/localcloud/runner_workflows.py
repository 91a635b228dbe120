"""Workflows for the runner's tests."""


def task(name: str, command: str, outputs: str, inputs: str = "File input_file") -> str:
    return f"""
    task {name} {{
      input {{ {inputs} }}
      command <<<
        {command}
      >>>
      output {{ {outputs} }}
      runtime {{ docker: "ubuntu" }}
    }}
    """


def workflow(tasks: str, calls: str, outputs: str, name: str = "swipe_test", inputs: str = "File hello") -> str:
    return f"""
    version 1.0
    workflow {name} {{
      input {{
        {inputs}
        String docker_image_id = "ubuntu"
      }}
      {calls}
      output {{ {outputs} }}
    }}
    {tasks}
    """


def one_task(
    command: str, task_outputs: str = "", outputs: str = "", inputs: str = "File hello", runtime: str = ""
) -> str:
    """A workflow of the single task `work`."""
    name = inputs.rpartition(" ")[2]
    text = workflow(
        task("work", command, task_outputs, inputs), f"call work {{ input: {name} = {name} }}", outputs, inputs=inputs
    )
    return text.replace('docker: "ubuntu"', f'docker: "ubuntu"\n{runtime}')


def _add(word: str) -> str:
    return task(
        f"add_{word}",
        f"cat ~{{input_file}} > out_{word}.txt; echo {word} >> out_{word}.txt",
        f'File out_{word} = "out_{word}.txt"',
    )


WORDS = ("world", "goodbye", "farewell")
THREE_TASKS = workflow(
    "".join(_add(word) for word in WORDS),
    """
    call add_world { input: input_file = hello }
    call add_goodbye { input: input_file = add_world.out_world }
    call add_farewell { input: input_file = add_goodbye.out_goodbye }
    """,
    "\n".join(f"File out_{word} = add_{word}.out_{word}" for word in WORDS),
)
