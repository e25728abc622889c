"""What a run shows in a terminal."""

from patchwork.core.faces import TerminalFace


def test_a_name_from_a_file_does_not_command_the_terminal(capsys):
    face = TerminalFace()
    face.error("data", "The class Wäldchen\x1b]0;title\x07 \x9b2J\r is empty.\n\tSee above.")
    face.progress.warning("\x1b[31mred")
    assert capsys.readouterr().err == (
        "Error: The class Wäldchen�]0;title� �2J� is empty.\n\tSee above.\nWarning: �[31mred\n"
    )
