/* The part of libjpeg's encoder that Rust uses. `ffi.rs` declares the same structures and functions. */
#include "failure.h"

enum { COMPONENTS_MAX = 3, BAND_ROWS_MAX = 4 * DCTSIZE };

struct options {
  uint32_t width, height;
  int32_t color_space; /* J_COLOR_SPACE of what is handed in */
  int32_t across, down; /* luma pixels that share a chroma sample */
  int32_t quality;
  int32_t progressive, optimized;
};

struct encoder {
  struct jpeg_compress_struct jpeg;
  struct failure failure;
  struct jpeg_destination_mgr destination;
  uint8_t *bytes;
  size_t capacity, length;
};

/* libjpeg's own destination in memory leaks what it wrote when the picture fails. */
static boolean grow(j_compress_ptr jpeg) {
  struct encoder *encoder = jpeg->client_data;
  size_t capacity = 2 * encoder->capacity;
  uint8_t *bytes = realloc(encoder->bytes, capacity);
  if (bytes == NULL) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
  encoder->destination.next_output_byte = bytes + encoder->capacity;
  encoder->destination.free_in_buffer = capacity - encoder->capacity;
  encoder->bytes = bytes;
  encoder->capacity = capacity;
  return TRUE;
}

static void begin(j_compress_ptr jpeg) {
  struct encoder *encoder = jpeg->client_data;
  encoder->destination.next_output_byte = encoder->bytes;
  encoder->destination.free_in_buffer = encoder->capacity;
}

static void end(j_compress_ptr jpeg) {
  struct encoder *encoder = jpeg->client_data;
  encoder->length = encoder->capacity - encoder->destination.free_in_buffer;
}

void turbo_encoder_free(struct encoder *encoder) {
  jpeg_destroy_compress(&encoder->jpeg);
  free(encoder->bytes);
  free(encoder);
}

static int create(struct encoder *encoder, size_t capacity) {
  encoder->jpeg.err = failure_manager(&encoder->failure);
  if (setjmp(encoder->failure.caught)) return -1;
  jpeg_create_compress(&encoder->jpeg);
  encoder->jpeg.client_data = encoder;
  encoder->destination.init_destination = begin;
  encoder->destination.empty_output_buffer = grow;
  encoder->destination.term_destination = end;
  encoder->jpeg.dest = &encoder->destination;
  encoder->bytes = malloc(capacity);
  encoder->capacity = capacity;
  return encoder->bytes == NULL ? -1 : 0;
}

/* Null when there is no memory. `capacity`, not 0, is how long the file is expected to be. */
struct encoder *turbo_encoder_new(size_t capacity) {
  struct encoder *encoder = calloc(1, sizeof *encoder);
  if (encoder == NULL || create(encoder, capacity) == 0) return encoder;
  turbo_encoder_free(encoder);
  return NULL;
}

const char *turbo_encoder_reason(const struct encoder *encoder) { return encoder->failure.reason; }

/* Quantises each component as another file did. */
static void take_tables(j_compress_ptr jpeg, const uint16_t tables[COMPONENTS_MAX][DCTSIZE2]) {
  for (int i = 0; i < jpeg->num_components; i++) {
    int slot = i == 2 && memcmp(tables[1], tables[2], sizeof tables[1]) == 0 ? 1 : i;
    unsigned int table[DCTSIZE2];
    for (int k = 0; k < DCTSIZE2; k++) table[k] = tables[i][k];
    jpeg_add_quant_table(jpeg, slot, table, 100, FALSE);
    jpeg->comp_info[i].quant_tbl_no = slot;
  }
}

/* Writes the header; `tables` may be null. Like every function below: 0, or -1 and a reason, and then the encoder can only be freed. */
int turbo_encoder_start(struct encoder *encoder, const struct options *options,
                        const uint16_t (*tables)[DCTSIZE2], int in_bands) {
  struct jpeg_compress_struct *jpeg = &encoder->jpeg;
  if (setjmp(encoder->failure.caught)) return -1;
  jpeg->image_width = options->width;
  jpeg->image_height = options->height;
  jpeg->in_color_space = (J_COLOR_SPACE)options->color_space;
  jpeg->input_components = jpeg->in_color_space == JCS_GRAYSCALE ? 1 : 3;
  jpeg_set_defaults(jpeg);
  jpeg_set_quality(jpeg, options->quality, TRUE);
  if (tables != NULL) take_tables(jpeg, tables);
  jpeg->comp_info[0].h_samp_factor = options->across;
  jpeg->comp_info[0].v_samp_factor = options->down;
  jpeg->optimize_coding = options->optimized != 0;
  if (options->progressive) jpeg_simple_progression(jpeg);
  jpeg->raw_data_in = in_bands != 0;
  jpeg_start_compress(jpeg, TRUE);
  return 0;
}

/* Adds a segment: after the header, before the picture. */
int turbo_encoder_write_marker(struct encoder *encoder, int marker, const uint8_t *bytes, unsigned length) {
  if (setjmp(encoder->failure.caught)) return -1;
  jpeg_write_marker(&encoder->jpeg, marker, bytes, length);
  return 0;
}

/* Adds an ICC profile, in as many segments as it needs. */
int turbo_encoder_write_profile(struct encoder *encoder, const uint8_t *bytes, unsigned length) {
  if (setjmp(encoder->failure.caught)) return -1;
  jpeg_write_icc_profile(&encoder->jpeg, bytes, length);
  return 0;
}

/* Encodes a band: eight rows for each of a component's sampling factor, `strides[i]` apart, whole blocks wide. */
int turbo_encoder_write_band(struct encoder *encoder, const uint8_t *const samples[COMPONENTS_MAX],
                             const size_t strides[COMPONENTS_MAX]) {
  struct jpeg_compress_struct *jpeg = &encoder->jpeg;
  JSAMPROW rows[COMPONENTS_MAX][BAND_ROWS_MAX];
  JSAMPARRAY components[COMPONENTS_MAX] = {rows[0], rows[1], rows[2]};
  if (setjmp(encoder->failure.caught)) return -1;
  for (int i = 0; i < jpeg->num_components; i++)
    for (int row = 0; row < jpeg->comp_info[i].v_samp_factor * DCTSIZE; row++)
      rows[i][row] = (JSAMPROW)samples[i] + (size_t)row * strides[i];
  jpeg_write_raw_data(jpeg, components, (JDIMENSION)(jpeg->max_v_samp_factor * DCTSIZE));
  return 0;
}

/* Encodes a row of pixels. */
int turbo_encoder_write_row(struct encoder *encoder, const uint8_t *row) {
  JSAMPROW rows[1] = {(JSAMPROW)row};
  if (setjmp(encoder->failure.caught)) return -1;
  jpeg_write_scanlines(&encoder->jpeg, rows, 1);
  return 0;
}

/* Ends the file and lends its bytes until the encoder is freed. */
int turbo_encoder_finish(struct encoder *encoder, const uint8_t **bytes, size_t *length) {
  if (setjmp(encoder->failure.caught)) return -1;
  jpeg_finish_compress(&encoder->jpeg);
  *bytes = encoder->bytes;
  *length = encoder->length;
  return 0;
}
