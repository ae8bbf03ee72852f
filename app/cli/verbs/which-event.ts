import { parseRequestId } from '../../request/id.ts'
import { quote } from '../../request/quote.ts'
import type { RequestId } from '../../request/request.ts'
import { Failure } from '../failure.ts'
import { type Args, text } from '../verb.ts'

/** The request that is named, or the one event of `--seq`: exactly one of them. `noun`: what is looked for. */
export function whichEvent(
  args: Args,
  noun: string,
): { readonly request: RequestId } | { readonly seq: number } {
  const [given] = args.words
  const seq = text(args, 'seq')
  if ((given === undefined) === (seq === undefined))
    throw new Failure('usage', `Which ${noun}?`, 'name a request, or write --seq NUMBER')
  if (seq !== undefined) {
    if (!/^[1-9]\d{0,14}$/.test(seq))
      throw new Failure('usage', `${quote(seq)} is no event's number.`, 'gitsudo audit shows them as SEQ')
    return { seq: Number(seq) }
  }
  const request = parseRequestId(given ?? '')
  if (request === undefined)
    throw new Failure('usage', `${quote(given ?? '')} is no request's ID.`, 'gitsudo status lists them')
  return { request }
}
