import { parentPort, workerData } from 'node:worker_threads'
import { type PartTask, verifyPart } from './verify-part.ts'

/** One part of a ledger on a thread of its own: progress as numbers, then what came out. */
const done = await verifyPart(workerData as PartTask, (events) => parentPort?.postMessage(events))
parentPort?.postMessage(done)
