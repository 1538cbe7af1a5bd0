import koffi, { type LibraryHandle, type TypeObject } from 'koffi';
import { StudioError, type StudioErrorCode } from '#shared/errors.ts';

/** An address inside TensorFlow; 0n is C's NULL. */
export type Pointer = bigint;

/** C's `TF_Output`: the `index`th output of an operation. */
export interface Output {
  readonly oper: Pointer;
  readonly index: number;
}

/** The part of TensorFlow's C API that captured graphs need (tensorflow/c/c_api.h, tf_tensor.h, tf_status.h of TensorFlow 2.21). */
export interface CApi {
  newStatus(): Pointer;
  deleteStatus(status: Pointer): void;
  statusCode(status: Pointer): number;
  statusMessage(status: Pointer): string;

  newGraph(): Pointer;
  deleteGraph(graph: Pointer): void;
  newOperation(graph: Pointer, type: string, name: string): Pointer;
  setDevice(description: Pointer, device: string): void;
  addInput(description: Pointer, input: Output): void;
  addInputList(description: Pointer, inputs: BigUint64Array, count: number): void;
  addControlInput(description: Pointer, operation: Pointer): void;
  setAttrString(description: Pointer, name: string, value: Uint8Array, length: number): void;
  setAttrInt(description: Pointer, name: string, value: number): void;
  setAttrIntList(description: Pointer, name: string, values: BigInt64Array, count: number): void;
  setAttrFloat(description: Pointer, name: string, value: number): void;
  setAttrBool(description: Pointer, name: string, value: number): void;
  setAttrType(description: Pointer, name: string, dataType: number): void;
  setAttrShape(description: Pointer, name: string, dimensions: BigInt64Array, count: number): void;
  setAttrTensor(description: Pointer, name: string, tensor: Pointer, status: Pointer): void;
  finishOperation(description: Pointer, status: Pointer): Pointer;
  outputType(output: Output): number;
  outputRank(graph: Pointer, output: Output, status: Pointer): number;
  outputShape(graph: Pointer, output: Output, dimensions: BigInt64Array, rank: number, status: Pointer): void;

  newSessionOptions(): Pointer;
  deleteSessionOptions(options: Pointer): void;
  setConfig(options: Pointer, config: Uint8Array, length: number, status: Pointer): void;
  setTarget(options: Pointer, target: string): void;
  newSession(graph: Pointer, options: Pointer, status: Pointer): Pointer;
  closeSession(session: Pointer, status: Pointer): void;
  deleteSession(session: Pointer, status: Pointer): void;
  sessionRun: SessionRun;
  listDevices(session: Pointer, status: Pointer): Pointer;
  deleteDeviceList(list: Pointer): void;
  deviceCount(list: Pointer): number;
  deviceName(list: Pointer, index: number, status: Pointer): string;
  deviceType(list: Pointer, index: number, status: Pointer): string;

  newServer(definition: Uint8Array, length: number, status: Pointer): Pointer;
  startServer(server: Pointer, status: Pointer): void;
  serverTarget(server: Pointer): string;

  allocateTensor(dataType: number, dimensions: BigInt64Array, rank: number, bytes: number): Pointer;
  deleteTensor(tensor: Pointer): void;
  tensorType(tensor: Pointer): number;
  tensorRank(tensor: Pointer): number;
  tensorDimension(tensor: Pointer, axis: number): number;
  tensorData(tensor: Pointer): Pointer;
  tensorBytes(tensor: Pointer): number;
}

/** `TF_SessionRun`: on this thread, or (`async`) on a worker thread of libuv's pool. Outputs are packed as by {@link packOutputs}. */
type SessionRunArguments = [
  session: Pointer,
  runOptions: null,
  inputs: BigUint64Array,
  inputTensors: BigUint64Array,
  inputCount: number,
  outputs: BigUint64Array,
  outputTensors: BigUint64Array,
  outputCount: number,
  targets: BigUint64Array,
  targetCount: number,
  runMetadata: null,
  status: Pointer,
];
export interface SessionRun {
  (...call: SessionRunArguments): void;
  async(...call: [...SessionRunArguments, done: (error: unknown) => void]): void;
}

const opened = new Map<string, CApi>();

/**
 * The C API of the TensorFlow library at `path`. Opened with the path that tfjs's binding was loaded from, it is that same TensorFlow.
 *
 * @throws StudioError 'unavailable' when the file cannot be loaded or lacks a function.
 */
export function openCApi(path: string): CApi {
  let api = opened.get(path);
  if (api === undefined) {
    try {
      api = bind(koffi.load(path));
    } catch (error) {
      throw new StudioError(
        'unavailable',
        `The TensorFlow library ${path} could not be opened: ${(error as Error).message}`,
        {
          hint: 'Run `face2exp setup` again.',
          cause: error,
        },
      );
    }
    opened.set(path, api);
  }
  return api;
}

function bind(library: LibraryHandle): CApi {
  const pointer = 'void *';
  const output = koffi.struct({ oper: pointer, index: 'int' });
  const declare = (name: string, result: string, ...parameters: (string | TypeObject)[]) =>
    library.func(name, result, parameters);

  return {
    newStatus: declare('TF_NewStatus', pointer),
    deleteStatus: declare('TF_DeleteStatus', 'void', pointer),
    statusCode: declare('TF_GetCode', 'int', pointer),
    statusMessage: declare('TF_Message', 'str', pointer),

    newGraph: declare('TF_NewGraph', pointer),
    deleteGraph: declare('TF_DeleteGraph', 'void', pointer),
    newOperation: declare('TF_NewOperation', pointer, pointer, 'str', 'str'),
    setDevice: declare('TF_SetDevice', 'void', pointer, 'str'),
    addInput: declare('TF_AddInput', 'void', pointer, output),
    addInputList: declare('TF_AddInputList', 'void', pointer, pointer, 'int'),
    addControlInput: declare('TF_AddControlInput', 'void', pointer, pointer),
    setAttrString: declare('TF_SetAttrString', 'void', pointer, 'str', pointer, 'size_t'),
    setAttrInt: declare('TF_SetAttrInt', 'void', pointer, 'str', 'int64_t'),
    setAttrIntList: declare('TF_SetAttrIntList', 'void', pointer, 'str', pointer, 'int'),
    setAttrFloat: declare('TF_SetAttrFloat', 'void', pointer, 'str', 'float'),
    setAttrBool: declare('TF_SetAttrBool', 'void', pointer, 'str', 'uchar'),
    setAttrType: declare('TF_SetAttrType', 'void', pointer, 'str', 'int'),
    setAttrShape: declare('TF_SetAttrShape', 'void', pointer, 'str', pointer, 'int'),
    setAttrTensor: declare('TF_SetAttrTensor', 'void', pointer, 'str', pointer, pointer),
    finishOperation: declare('TF_FinishOperation', pointer, pointer, pointer),
    outputType: declare('TF_OperationOutputType', 'int', output),
    outputRank: declare('TF_GraphGetTensorNumDims', 'int', pointer, output, pointer),
    outputShape: declare('TF_GraphGetTensorShape', 'void', pointer, output, pointer, 'int', pointer),

    newSessionOptions: declare('TF_NewSessionOptions', pointer),
    deleteSessionOptions: declare('TF_DeleteSessionOptions', 'void', pointer),
    setConfig: declare('TF_SetConfig', 'void', pointer, pointer, 'size_t', pointer),
    setTarget: declare('TF_SetTarget', 'void', pointer, 'str'),
    newSession: declare('TF_NewSession', pointer, pointer, pointer, pointer),
    closeSession: declare('TF_CloseSession', 'void', pointer, pointer),
    deleteSession: declare('TF_DeleteSession', 'void', pointer, pointer),
    sessionRun: declare(
      'TF_SessionRun',
      'void',
      ...[pointer, pointer],
      ...[pointer, pointer, 'int'],
      ...[pointer, pointer, 'int'],
      ...[pointer, 'int'],
      ...[pointer, pointer],
    ) as SessionRun,
    listDevices: declare('TF_SessionListDevices', pointer, pointer, pointer),
    deleteDeviceList: declare('TF_DeleteDeviceList', 'void', pointer),
    deviceCount: declare('TF_DeviceListCount', 'int', pointer),
    deviceName: declare('TF_DeviceListName', 'str', pointer, 'int', pointer),
    deviceType: declare('TF_DeviceListType', 'str', pointer, 'int', pointer),

    newServer: declare('TF_NewServer', pointer, pointer, 'size_t', pointer),
    startServer: declare('TF_ServerStart', 'void', pointer, pointer),
    serverTarget: declare('TF_ServerTarget', 'str', pointer),

    allocateTensor: declare('TF_AllocateTensor', pointer, 'int', pointer, 'int', 'size_t'),
    deleteTensor: declare('TF_DeleteTensor', 'void', pointer),
    tensorType: declare('TF_TensorType', 'int', pointer),
    tensorRank: declare('TF_NumDims', 'int', pointer),
    tensorDimension: declare('TF_Dim', 'int64_t', pointer, 'int'),
    tensorData: declare('TF_TensorData', pointer, pointer),
    tensorBytes: declare('TF_TensorByteSize', 'size_t', pointer),
  };
}

/** An array of `TF_Output` as C lays it out on a 64-bit little-endian machine: pointer, 32-bit index, 32 bits of padding. */
export function packOutputs(outputs: readonly Output[]): BigUint64Array {
  return BigUint64Array.from(outputs.flatMap(({ oper, index }) => [oper, BigInt(index)]));
}

/**
 * Calls a function of the C API that reports through a `TF_Status`.
 *
 * @param what what is being done, to follow "TensorFlow could not", such as "run the step".
 * @throws StudioError with TensorFlow's own message when the status is not OK.
 */
export function withStatus<T>(api: CApi, what: string, call: (status: Pointer) => T): T {
  const status = api.newStatus();
  try {
    const result = call(status);
    throwUnlessOk(api, status, what);
    return result;
  } finally {
    api.deleteStatus(status);
  }
}

/** TensorFlow's status codes (tsl/protobuf/error_codes.proto) that mean something of their own to a person. */
const CODES: Readonly<Record<number, { code: StudioErrorCode; hint: string }>> = {
  1: { code: 'cancelled', hint: 'Start it again.' },
  8: {
    code: 'out-of-memory',
    hint: 'Use a smaller batch, smaller images or a narrower network, or close other programs.',
  },
  12: { code: 'unsupported', hint: 'Run it on another device or without mixed precision.' },
};

/** Throws what `status` reports, unless it is OK. */
export function throwUnlessOk(api: CApi, status: Pointer, what: string): void {
  const statusCode = api.statusCode(status);
  if (statusCode === 0) return;
  const message = api.statusMessage(status);
  const known = CODES[statusCode];
  throw new StudioError(known?.code ?? 'internal', `TensorFlow could not ${what}: ${firstLine(message)}`, {
    hint: known?.hint ?? 'This is a fault of the studio or of its runtime; the log holds the whole message.',
    cause: new Error(message),
  });
}

/** Later lines hold TensorFlow's own stack of nodes. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0]!;
}
