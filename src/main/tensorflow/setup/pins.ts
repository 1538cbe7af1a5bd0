import { StudioError } from '#shared/errors.ts';
import type { RuntimeDevice } from './layout.ts';

/**
 * Every file the set-up downloads, pinned by its SHA-256. They are wheels of the public Python package index: `tensorflow-cpu` and
 * `tensorflow` 2.21.0, and the CUDA libraries that the `and-cuda` extra of `tensorflow` names. Only the parts in `wanted` are unpacked.
 */
export interface PinnedWheel {
  readonly fileName: string;
  readonly sha256: string;
  /** Size of the download. */
  readonly bytes: number;
  /** Size on disk of the parts that are unpacked. */
  readonly unpackedBytes: number;
  /** Which members of the archive are unpacked. */
  readonly wanted: RegExp;
}

/** The libraries, and the C headers with what they include. */
const TENSORFLOW_PARTS =
  /^tensorflow\/(libtensorflow_(cc|framework)\.[^/]+|include\/(tensorflow\/c|tensorflow\/core\/platform|xla\/tsl\/c|tsl\/platform)\/.*[^/])$/;
const NVIDIA_PARTS = /^nvidia\/[^/]+\/(lib|bin|nvvm)\/.*[^/](?<!\.a)$/;

const LINUX_X64_CPU = wheel(
  'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
  '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  [273_829_956, 854_258_761],
);
const LINUX_ARM64_CPU = wheel(
  'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
  '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  [281_828_020, 884_012_033],
);
const MACOS_ARM64_CPU = wheel(
  'tensorflow-2.21.0-cp311-cp311-macosx_12_0_arm64.whl',
  '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
  [223_405_849, 741_755_449],
);
const LINUX_X64_GPU = [
  wheel(
    'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    [572_440_367, 1_259_970_905],
  ),
  wheel(
    'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl',
    'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    [581_217_458, 855_064_416],
  ),
  wheel(
    'nvidia_cuda_cupti_cu12-12.8.90-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
    [10_248_621, 41_311_976],
  ),
  wheel(
    'nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    [40_546_229, 98_010_465],
  ),
  wheel(
    'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    [89_568_129, 227_340_992],
  ),
  wheel(
    'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    [3_493_179, 5_342_176],
  ),
  wheel(
    'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
    '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    [716_538_495, 1_162_393_472],
  ),
  wheel(
    'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    [200_877_592, 293_609_416],
  ),
  wheel(
    'nvidia_curand_cu12-10.3.10.19-py3-none-manylinux_2_27_x86_64.whl',
    '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
    [68_295_626, 166_965_432],
  ),
  wheel(
    'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
    '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    [338_117_415, 494_975_064],
  ),
  wheel(
    'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    [366_465_088, 486_556_368],
  ),
  wheel(
    'nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl',
    'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    [351_526_311, 489_653_380],
  ),
  wheel(
    'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    [39_748_338, 95_935_344],
  ),
];

const WHEELS: Readonly<Record<string, readonly PinnedWheel[] | undefined>> = {
  'cpu-linux-x64': [LINUX_X64_CPU],
  'gpu-linux-x64': LINUX_X64_GPU,
  'cpu-linux-arm64': [LINUX_ARM64_CPU],
  'cpu-darwin-arm64': [MACOS_ARM64_CPU],
};

/**
 * The wheels that make up the runtime of one platform. Linux x64 is tested; Linux arm64 and macOS arm64 use the same build of
 * TensorFlow but have not been run.
 *
 * @throws StudioError 'unsupported' for a platform that has no such build.
 */
export function pinnedWheels(
  device: RuntimeDevice,
  platform: string = process.platform,
  architecture: string = process.arch,
): readonly PinnedWheel[] {
  const wheels = WHEELS[`${device}-${platform}-${architecture}`];
  if (wheels !== undefined) return wheels;
  if (device === 'gpu' && WHEELS[`cpu-${platform}-${architecture}`] !== undefined) {
    throw new StudioError('unsupported', `TensorFlow has no GPU build for ${platform} ${architecture}.`, {
      hint: 'Run `face2exp setup --cpu`.',
    });
  }
  throw new StudioError(
    'unsupported',
    `TensorFlow has no build that the studio can use on ${platform} ${architecture}.`,
    {
      hint:
        platform === 'win32'
          ? 'Run the studio inside WSL 2 (Ubuntu or Debian).'
          : 'Use Linux on x64 or arm64, macOS on Apple silicon, or WSL 2 on Windows.',
    },
  );
}

function wheel(fileName: string, sha256: string, [bytes, unpackedBytes]: [number, number]): PinnedWheel {
  return {
    fileName,
    sha256,
    bytes,
    unpackedBytes,
    wanted: fileName.startsWith('nvidia') ? NVIDIA_PARTS : TENSORFLOW_PARTS,
  };
}

/** What a wheel's file name says (PEP 427): `project-version-python-abi-platform[.platform].whl`. */
export interface WheelName {
  readonly project: string;
  readonly version: string;
  /** As `pip --python-version` wants it: "3.11"; any Python 3 is "3". */
  readonly pythonVersion: string;
  readonly platforms: readonly string[];
}

export function parseWheelName(fileName: string): WheelName {
  const match = /^([^-]+)-([^-]+)-(?:cp|py)(\d)(\d*)-[^-]+-([^-]+)\.whl$/.exec(fileName);
  if (match === null) throw new StudioError('internal', `${fileName} is not the name of a wheel.`);
  const [, project = '', version = '', major = '', minor = '', platforms = ''] = match;
  return {
    project: project.replaceAll('_', '-'),
    version,
    pythonVersion: minor === '' ? major : `${major}.${minor}`,
    platforms: platforms.split('.'),
  };
}
