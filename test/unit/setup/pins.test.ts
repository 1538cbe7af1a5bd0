import { describe, expect, it } from 'vitest';
import { parseWheelName, pinnedWheels } from '#main/tensorflow/setup/pins.ts';

describe('parseWheelName', () => {
  it('reads project, version, Python and platforms', () => {
    expect(parseWheelName('tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl')).toEqual({
      project: 'tensorflow-cpu',
      version: '2.21.0',
      pythonVersion: '3.11',
      platforms: ['manylinux_2_27_x86_64'],
    });
    expect(
      parseWheelName('nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl'),
    ).toEqual({
      project: 'nvidia-cufft-cu12',
      version: '11.4.1.4',
      pythonVersion: '3',
      platforms: ['manylinux2014_x86_64', 'manylinux_2_17_x86_64'],
    });
  });

  it('refuses another file', () => {
    expect(() => parseWheelName('tensorflow-2.21.0.tar.gz')).toThrow(/not the name of a wheel/);
  });
});

describe('pinnedWheels', () => {
  it.each([
    ['cpu', 'linux', 'x64', 1],
    ['gpu', 'linux', 'x64', 13],
    ['cpu', 'linux', 'arm64', 1],
    ['cpu', 'darwin', 'arm64', 1],
  ] as const)('knows %s on %s %s', (device, platform, architecture, count) => {
    const wheels = pinnedWheels(device, platform, architecture);
    expect(wheels).toHaveLength(count);
    for (const wheel of wheels) {
      expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(() => parseWheelName(wheel.fileName)).not.toThrow();
    }
  });

  it('says what to do where there is no build', () => {
    expect(() => pinnedWheels('cpu', 'win32', 'x64')).toThrow(
      expect.objectContaining({ code: 'unsupported', hint: expect.stringContaining('WSL 2') }),
    );
    expect(() => pinnedWheels('cpu', 'darwin', 'x64')).toThrow(expect.objectContaining({ code: 'unsupported' }));
    expect(() => pinnedWheels('gpu', 'darwin', 'arm64')).toThrow(
      expect.objectContaining({ code: 'unsupported', hint: expect.stringContaining('--cpu') }),
    );
  });

  it('unpacks the libraries and the headers that the binding includes, and no more', () => {
    const wanted = pinnedWheels('cpu', 'linux', 'x64')[0]!.wanted;
    const matching = [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
      'tensorflow/include/tensorflow/c/eager/c_api.h',
      'tensorflow/include/tensorflow/core/platform/ctstring.h',
      'tensorflow/include/xla/tsl/c/tsl_status.h',
      'tensorflow/include/tsl/platform/ctstring.h',
    ];
    const others = [
      'tensorflow/python/_pywrap_tfe.so',
      'tensorflow/include/tensorflow/c/',
      'tensorflow/include/google/x.h',
      'x/tensorflow/libtensorflow_cc.so.2',
    ];
    expect([...matching, ...others].filter((name) => wanted.test(name))).toEqual(matching);
  });

  it('unpacks what CUDA loads or runs, not what only a compiler needs', () => {
    const wanted = pinnedWheels('gpu', 'linux', 'x64').at(-1)!.wanted;
    const matching = [
      'nvidia/cudnn/lib/libcudnn.so.9',
      'nvidia/cuda_nvcc/bin/ptxas',
      'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc',
    ];
    const others = ['nvidia/cudnn/include/cudnn.h', 'nvidia/cuda_runtime/lib/libcudart_static.a', 'nvidia/cudnn/lib/'];
    expect([...matching, ...others].filter((name) => wanted.test(name))).toEqual(matching);
  });
});
