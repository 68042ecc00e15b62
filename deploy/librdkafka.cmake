# librdkafka's CMake build (2.12.1) finds the compiler's atomics but does not say so to rdatomic.h. Without these two,
# rd_atomic32_set writes without an atomic operation and returns the new value: a broker that goes down is then never
# counted, and nobody hears that all brokers are down.
add_compile_definitions(HAVE_ATOMICS_32_ATOMIC=1 HAVE_ATOMICS_64_ATOMIC=1)
