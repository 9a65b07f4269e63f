// Room for an upload that grows: reserved ahead of its bytes, and while they come, so that the line does not wait for the database.

export interface Reservation {
  /** Resolves when so many bytes are reserved. Throws where there is no room for them. */
  cover(bytes: number): Promise<void>
  /** Ends it with exactly so many covered; answers how many are reserved, which may be more. */
  end(bytes: number): Promise<number>
}

const MAX_AHEAD = 16 * 1024 * 1024
/** Less than that ahead is none. */
const MIN_AHEAD = 64 * 1024

/** `grow` makes more of the room that is reserved, or throws. Nothing beyond `maxBytes` is asked for. */
export function createReservation(grow: (from: number, to: number) => Promise<void>, maxBytes: number): Reservation {
  let [reserved, maxAhead] = [0, MAX_AHEAD]
  let growing: Promise<void> | undefined

  async function reserve(bytes: number): Promise<void> {
    await grow(reserved, bytes)
    reserved = bytes
  }

  /** What lies ahead may not fit where the file itself does: then less is asked for the next time. */
  async function reserveAhead(bytes: number): Promise<void> {
    try {
      await reserve(bytes)
    } catch {
      maxAhead /= 2
    } finally {
      growing = undefined
    }
  }

  async function cover(bytes: number): Promise<void> {
    const ahead = Math.min(Math.ceil(bytes / 4), maxAhead)
    const goal = Math.min(bytes + ahead, maxBytes)
    if (!growing && ahead >= MIN_AHEAD && bytes + ahead / 2 > reserved && goal > reserved) growing = reserveAhead(goal)
    if (bytes <= reserved) return
    await growing
    if (bytes > reserved) await reserve(bytes)
  }

  return {
    cover,
    async end(bytes) {
      await growing
      if (bytes > reserved) await reserve(bytes)
      return reserved
    },
  }
}
