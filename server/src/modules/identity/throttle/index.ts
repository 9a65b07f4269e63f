// The door of the throttle module.
export { type CountedAs, createThrottle, type Throttle, type ThrottleRule } from './throttle.service.ts'
