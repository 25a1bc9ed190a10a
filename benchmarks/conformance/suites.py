"""The table of suites: libraries on the package index whose source distributions carry tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["SUITES", "Suite"]

_TORCHVISION = ("-p", "torchvision_operators")


@dataclass(frozen=True)
class Suite:
    """A library and its tests.

    Attributes:
        name: on the package index.
        version: of the library and of its tests.
        tests: files and folders of tests, in the unpacked source distribution.
        needs: requirements beside the library itself, installed without their dependencies. What
            the running interpreter has already is found there.
        options: for pytest. The options that the library's own configuration adds are left out.
        ignored: files and folders that are not collected, with the reason.
        deselected: beginnings of node ids that are not run, with the reason.
        dropped: folders that are deleted after unpacking.
        added: files to add: path there, name of the file beside this one.
        variables: for the environment of its tests.
        build_needs: what its build calls to tell the version, where an isolated environment would
            install torch once more. Empty: pip makes an isolated environment.
        limit: seconds that all of its tests may take, in one mode.
        part: files and node ids of the small part; nothing when the suite has none in it.
        about: what of PyTorch it uses that few scripts use.
    """

    name: str
    version: str
    tests: tuple[str, ...]
    about: str
    needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)
    deselected: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    added: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    build_needs: tuple[str, ...] = ()
    limit: int = 1800
    part: tuple[str, ...] = ()


_ALL = (
    Suite(
        "skorch",
        "1.4.0",
        ("skorch/tests",),
        "training loops, callbacks, pickling and cloning of live training, closures",
        needs=("tabulate==0.9.0", "tqdm==4.67.1", "flaky==3.8.1"),
        options=("-p", "flaky.flaky_pytest_plugin"),
        ignored={
            "skorch/tests/test_hf.py": "needs transformers and the network",
            "skorch/tests/llm": "needs transformers and the network",
        },
    ),
    Suite(
        "opacus",
        "1.6.0",
        ("opacus/tests",),
        "per-sample gradients, module and tensor hooks, functorch, wrapped optimizers",
        needs=("opt-einsum==3.4.0", "torchvision==0.28.0", "pillow"),
        options=(
            *_TORCHVISION,
            "-o",
            "python_files=*_test.py",
        ),
        ignored={
            "opacus/tests/multigpu_adaptive_clipping_test.py": "needs several GPUs",
            "opacus/tests/multigpu_gradcheck_test.py": "needs several GPUs",
            "opacus/tests/multigpu_precision_test.py": "needs several GPUs",
        },
        part=(
            "opacus/tests/grad_sample_module_test.py",
            "opacus/tests/grad_sample_module_fast_gradient_clipping_test.py",
            "opacus/tests/grad_sample_hooks_test.py",
            "opacus/tests/gradient_accumulation_test.py",
            "opacus/tests/grad_samples/linear_test.py",
            "opacus/tests/dpdataloader_test.py",
            "opacus/tests/module_validator_test.py",
        ),
        limit=3600,
    ),
    Suite(
        "linear_operator",
        "0.6.1",
        ("test",),
        "custom autograd functions, double backward, __torch_function__",
        needs=("jaxtyping==0.2.38", "wadler-lindig==0.1.7", "mpmath"),
        limit=2400,
    ),
    Suite(
        "gpytorch",
        "1.15.2",
        ("test",),
        "custom autograd functions, LBFGS closures, modules called through __getattr__",
        needs=("linear_operator==0.6.1", "jaxtyping==0.2.38", "wadler-lindig==0.1.7", "mpmath"),
        limit=3600,
    ),
    Suite(
        "torchopt",
        "0.7.3",
        ("tests",),
        "differentiable optimizers, functorch, double backward through updates",
        needs=("optree==0.17.0", "graphviz==0.21"),
        # It makes errors of all warnings, and functorch warns that it has become torch.func.
        options=("-W", "ignore::FutureWarning"),
        # The wheel holds compiled code, the source does not.
        dropped=("torchopt",),
        added={"tests/helpers.py": "torchopt_helpers.py"},
        build_needs=("setuptools", "wheel", "pybind11"),
        part=(
            "tests/test_meta_optim.py",
            "tests/test_hook.py",
            "tests/test_nn.py",
            "tests/test_implicit.py",
        ),
    ),
    Suite(
        "curvlinops-for-pytorch",
        "3.0.1",
        ("test",),
        "functorch, Hessian products, module hooks, fake tensors",
        needs=(
            "backpack-for-pytorch==1.7.1",
            "unfoldNd==0.2.3",
            "einops==0.8.2",
            "einconv==0.1.0",
            "linear_operator==0.6.1",
            "jaxtyping==0.2.38",
            "wadler-lindig==0.1.7",
            "opt-einsum==3.4.0",
            "tqdm==4.67.1",
            "pytest-optional-tests==0.1.1",
        ),
        options=("-p", "pytest_optional_tests"),
        ignored={
            "test/test_inverse.py": "10401 combinations of what the other tests reach",
            "test/test_ekfac.py": "2024 combinations of what test_kfac.py reaches",
        },
        limit=3600,
        part=("test/test_jacobian.py",),
    ),
    Suite(
        "backpack-for-pytorch",
        "1.7.1",
        ("test",),
        "full backward hooks on every module, extended modules, double backward",
        needs=(
            "unfoldNd==0.2.3",
            "einops==0.8.2",
            "torchvision==0.28.0",
            "pillow",
            "pytest-optional-tests==0.1.1",
            "pytorch-memlab==0.3.0",
            "calmsize==0.1.3",
            "tqdm==4.67.1",
            "pandas",
        ),
        options=(*_TORCHVISION, "-p", "pytest_optional_tests"),
        limit=3600,
        part=(
            "test/extensions/firstorder/variance/test_variance.py",
            "test/extensions/test_hooks.py",
            "test/bugfixes_test.py",
        ),
    ),
    Suite(
        "pytorch_optimizer",
        "4.1.0",
        ("tests",),
        "a hundred optimizers, closures, create_graph in the loop, hooks that step in backward",
        limit=2400,
    ),
    Suite(
        "torch-optimizer",
        "0.3.0",
        ("tests",),
        "optimizers of third parties, create_graph in the loop",
        needs=("pytorch_ranger==0.1.1",),
    ),
    Suite(
        "e3nn",
        "0.6.0",
        ("tests",),
        "torch.jit.script, torch.fx, torch.compile, generated modules",
        needs=("opt_einsum_fx==0.1.4", "opt-einsum==3.4.0", "sympy"),
        limit=2400,
    ),
    Suite(
        "einops",
        "0.8.2",
        ("einops/tests",),
        "torch.jit.script and torch.compile of layers",
        variables={"EINOPS_TEST_BACKENDS": "numpy,torch"},
    ),
)

SUITES: Mapping[str, Suite] = {suite.name: suite for suite in _ALL}
