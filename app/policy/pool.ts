import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import {
  type Evaluation,
  type EvaluationOutcome,
  type FromWorker,
  outOfMemory,
  type ToWorker,
  timeLimitMs,
} from './evaluation.ts'

export type EvaluatorPool = {
  /** Never rejects for what a policy does: a hang or a dead worker is `trouble`, all else the policy's own. */
  evaluate(evaluation: Evaluation): Promise<EvaluationOutcome>
  /** Ends the workers; what still waits becomes `trouble`. */
  close(): Promise<void>
}

type Job = { readonly evaluation: Evaluation; readonly settle: (outcome: EvaluationOutcome) => void }
type Running = Job & { timer: NodeJS.Timeout }
type Seat = {
  readonly worker: Worker
  readonly port: MessagePort
  readonly sent: Set<string>
  running?: Running | undefined
}

/** Until an evaluation starts only our own code runs: starting a thread, compiling, reading data. */
const startLimitMs = 20_000
/** A worker that was sent more modules and data than this is replaced, so that none grows for ever. */
const mostSent = 256
const workerUrl = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/**
 * Workers start when first needed, keep no process alive, and are replaced after a policy hangs or kills
 * one. One answers a thousand requests a second and takes some 25 MB, so one is the default.
 */
export function createEvaluatorPool({
  size = 1,
  limitMs = timeLimitMs,
}: {
  readonly size?: number
  readonly limitMs?: number
} = {}): EvaluatorPool {
  const seats = new Set<Seat>()
  const waiting: Job[] = []
  let closed = false

  const next = () => {
    while (waiting.length > 0 && !closed) {
      const seat =
        [...seats].find((candidate) => candidate.running === undefined) ??
        (seats.size < size ? open() : undefined)
      if (seat === undefined) return
      const job = waiting.shift()
      if (job !== undefined) start(seat, job)
    }
  }

  const open = (): Seat => {
    const { port1: port, port2 } = new MessageChannel()
    const worker = new Worker(workerUrl, {
      workerData: { port: port2 },
      transferList: [port2],
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 4, stackSizeMb: 4 },
    })
    const seat: Seat = { worker, port, sent: new Set() }
    worker.on('error', (error: Error & { code?: string }) => {
      const full = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      retire(
        seat,
        full
          ? { kind: 'error', why: outOfMemory }
          : { kind: 'trouble', why: `its worker died: ${error.message}` },
      )
    })
    worker.on('exit', (code) =>
      retire(seat, { kind: 'trouble', why: `its worker ended (exit code ${code})` }),
    )
    port.on('message', (message: FromWorker) => heard(seat, message))
    worker.unref()
    port.unref()
    seats.add(seat)
    return seat
  }

  const start = (seat: Seat, job: Job) => {
    const { module, data, input, aspect, now } = job.evaluation
    const post = (message: ToWorker) => seat.port.postMessage(message)
    if (!seat.sent.has(module.digest)) post({ kind: 'module', ...module })
    if (!seat.sent.has(data.digest)) post({ kind: 'data', ...data })
    seat.sent.add(module.digest).add(data.digest)
    seat.running = { ...job, timer: timer(seat, startLimitMs) }
    seat.worker.ref()
    post({ kind: 'evaluate', module: module.digest, data: data.digest, input, aspect, now })
  }

  const timer = (seat: Seat, ms: number) =>
    setTimeout(() => {
      // This thread may have been the slow one: what the worker has said meanwhile counts.
      const said = receiveMessageOnPort(seat.port)
      if (said !== undefined) return heard(seat, said.message as FromWorker)
      retire(seat, { kind: 'trouble', why: `it did not finish within ${ms} ms` })
    }, ms)

  const heard = (seat: Seat, message: FromWorker) => {
    const { running } = seat
    if (running === undefined) return
    clearTimeout(running.timer)
    if (message.kind === 'started') {
      running.timer = timer(seat, limitMs)
      return
    }
    seat.running = undefined
    seat.worker.unref()
    running.settle(message.outcome)
    if (seat.sent.size > mostSent) retire(seat, { kind: 'trouble', why: 'its worker was replaced' })
    next()
  }

  const retire = (seat: Seat, outcome: EvaluationOutcome): Promise<unknown> => {
    if (!seats.delete(seat)) return Promise.resolve()
    const { running } = seat
    seat.running = undefined
    seat.port.close()
    const ended = seat.worker.terminate()
    if (running !== undefined) {
      clearTimeout(running.timer)
      running.settle(outcome)
    }
    next()
    return ended
  }

  return {
    evaluate: (evaluation) =>
      new Promise((settle) => {
        if (closed) return settle({ kind: 'trouble', why: 'the service is stopping' })
        waiting.push({ evaluation, settle })
        next()
      }),
    async close() {
      closed = true
      const outcome = { kind: 'trouble', why: 'the service is stopping' } as const
      for (const { settle } of waiting.splice(0)) settle(outcome)
      await Promise.all([...seats].map((seat) => retire(seat, outcome)))
    },
  }
}
