/* The part of libjpeg's decoder that Rust uses. `ffi.rs` declares the same structures and functions. */
#include "failure.h"

enum { COMPONENTS_MAX = 4, QUANTISED_MAX = 3, BAND_ROWS_MAX = 4 * DCTSIZE };

/* What the header says. */
struct header {
  uint32_t width, height;
  int32_t precision_bits;
  int32_t components;
  int32_t color_space; /* J_COLOR_SPACE */
  int32_t inverted;    /* CMYK as Adobe writes it: 255 is no ink */
};

/* One component, scaled, as `decoder_read_band` writes it. */
struct component {
  uint32_t width, height;   /* samples that are picture */
  uint32_t stride;          /* samples of a row of a band: whole blocks */
  uint32_t band_rows;       /* rows of a band */
  uint32_t across, down;    /* sampling factors */
  uint32_t block_samples;   /* samples a block is scaled to, of its eight */
};

struct decoder {
  struct jpeg_decompress_struct jpeg;
  struct failure failure;
  struct jpeg_progress_mgr progress;
  int scans_max;
};

/* A small file may hold hundreds of scans, each of which costs a walk over the whole picture. */
static void count_scans(j_common_ptr jpeg) {
  struct decoder *decoder = (struct decoder *)jpeg->client_data;
  if (decoder->jpeg.input_scan_number <= decoder->scans_max) return;
  snprintf(decoder->failure.reason, JMSG_LENGTH_MAX, "it has more than %d scans", decoder->scans_max);
  longjmp(decoder->failure.caught, 1);
}

void turbo_decoder_free(struct decoder *decoder) {
  jpeg_destroy_decompress(&decoder->jpeg);
  free(decoder);
}

static int create(struct decoder *decoder) {
  decoder->jpeg.err = failure_manager(&decoder->failure);
  if (setjmp(decoder->failure.caught)) return -1;
  jpeg_create_decompress(&decoder->jpeg);
  decoder->jpeg.client_data = decoder;
  decoder->progress.progress_monitor = count_scans;
  decoder->jpeg.progress = &decoder->progress;
  return 0;
}

/* Null when there is no memory. */
struct decoder *turbo_decoder_new(void) {
  struct decoder *decoder = calloc(1, sizeof *decoder);
  if (decoder == NULL || create(decoder) == 0) return decoder;
  turbo_decoder_free(decoder);
  return NULL;
}

const char *turbo_decoder_reason(const struct decoder *decoder) { return decoder->failure.reason; }

/* Reads up to the first scan of `bytes`, which must outlive the decoder. Like every function below: 0, or -1 and a reason,
 * and then the decoder can only be freed. */
int turbo_decoder_open(struct decoder *decoder, const uint8_t *bytes, size_t length, struct header *header) {
  struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
  if (setjmp(decoder->failure.caught)) return -1;
  jpeg_mem_src(jpeg, bytes, length);
  jpeg_save_markers(jpeg, JPEG_APP0 + 2, 0xffff);
  jpeg_read_header(jpeg, TRUE);
  if (jpeg->num_components > COMPONENTS_MAX) ERREXIT2(jpeg, JERR_COMPONENT_COUNT, jpeg->num_components, COMPONENTS_MAX);
  header->width = jpeg->image_width;
  header->height = jpeg->image_height;
  header->precision_bits = jpeg->data_precision;
  header->components = jpeg->num_components;
  header->color_space = jpeg->jpeg_color_space;
  header->inverted = jpeg->saw_Adobe_marker;
  return 0;
}

/* The ICC profile, to be freed with `turbo_free`; a length of 0 if there is none. */
int turbo_decoder_profile(struct decoder *decoder, uint8_t **bytes, size_t *length) {
  unsigned int profile_length = 0;
  *bytes = NULL;
  if (setjmp(decoder->failure.caught)) return -1;
  if (!jpeg_read_icc_profile(&decoder->jpeg, bytes, &profile_length)) profile_length = 0;
  *length = profile_length;
  return 0;
}

/* By what tables the components were quantised, in reading order, and how many luma pixels share a chroma sample. 0, or -1
 * where the header does not say: nothing failed then. */
int turbo_decoder_quantisation(const struct decoder *decoder, uint16_t tables[QUANTISED_MAX][DCTSIZE2], uint32_t *across,
                               uint32_t *down) {
  const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
  const jpeg_component_info *luma = &jpeg->comp_info[0];
  if (jpeg->num_components > QUANTISED_MAX) return -1;
  for (int i = 0; i < QUANTISED_MAX; i++) {
    const jpeg_component_info *component = i < jpeg->num_components ? &jpeg->comp_info[i] : luma;
    if (component->quant_tbl_no < 0 || component->quant_tbl_no >= NUM_QUANT_TBLS) return -1;
    const JQUANT_TBL *table = jpeg->quant_tbl_ptrs[component->quant_tbl_no];
    if (table == NULL) return -1;
    for (int k = 0; k < DCTSIZE2; k++) tables[i][k] = table->quantval[k];
    *across = (uint32_t)(luma->h_samp_factor / component->h_samp_factor);
    *down = (uint32_t)(luma->v_samp_factor / component->v_samp_factor);
  }
  return 0;
}

void turbo_free(void *pointer) { free(pointer); }

static int ended_before_its_picture_was_whole(const struct decoder *decoder) {
  const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
  for (int i = 0; i < jpeg->num_components; i++) {
    if (jpeg->comp_info[i].quant_table == NULL) return 1; /* no scan of this component has begun */
    if (jpeg->coef_bits == NULL) continue;
    if (jpeg->coef_bits[i][0] < 0) return 1;
    for (int k = 0; k < DCTSIZE2 && decoder->failure.ended_early; k++)
      if (jpeg->coef_bits[i][k] != 0) return 1;
  }
  return 0;
}

static void start(struct decoder *decoder, int eighths, int scans_max, long memory_max) {
  struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
  decoder->scans_max = scans_max;
  jpeg->mem->max_memory_to_use = memory_max;
  jpeg->scale_num = (unsigned)eighths;
  jpeg->scale_denom = DCTSIZE;
  jpeg->do_block_smoothing = FALSE;
  jpeg_start_decompress(jpeg);
  if (!ended_before_its_picture_was_whole(decoder)) return;
  strcpy(decoder->failure.reason, "it ends before its picture is whole");
  longjmp(decoder->failure.caught, 1);
}

/* Begins to decode components as they are stored. */
int turbo_decoder_start_bands(struct decoder *decoder, int eighths, int scans_max, long memory_max,
                              struct component components[COMPONENTS_MAX]) {
  struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
  if (setjmp(decoder->failure.caught)) return -1;
  jpeg->raw_data_out = TRUE;
  jpeg->do_fancy_upsampling = FALSE;
  jpeg->out_color_space = jpeg->jpeg_color_space;
  start(decoder, eighths, scans_max, memory_max);
  for (int i = 0; i < jpeg->num_components && i < COMPONENTS_MAX; i++) {
    const jpeg_component_info *info = &jpeg->comp_info[i];
    components[i].width = info->downsampled_width;
    components[i].height = info->downsampled_height;
    components[i].stride = info->width_in_blocks * (unsigned)info->DCT_scaled_size;
    components[i].band_rows = (unsigned)(info->v_samp_factor * info->DCT_scaled_size);
    components[i].across = (unsigned)info->h_samp_factor;
    components[i].down = (unsigned)info->v_samp_factor;
    components[i].block_samples = (unsigned)info->DCT_scaled_size;
  }
  return 0;
}

/* Decodes the next band: `band_rows` rows of `stride` samples of each component, without gaps. */
int turbo_decoder_read_band(struct decoder *decoder, uint8_t *const samples[COMPONENTS_MAX]) {
  struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
  JSAMPROW rows[COMPONENTS_MAX][BAND_ROWS_MAX];
  JSAMPARRAY components[COMPONENTS_MAX] = {rows[0], rows[1], rows[2], rows[3]};
  if (setjmp(decoder->failure.caught)) return -1;
  for (int i = 0; i < jpeg->num_components; i++) {
    const jpeg_component_info *info = &jpeg->comp_info[i];
    size_t stride = (size_t)info->width_in_blocks * (size_t)info->DCT_scaled_size;
    for (int row = 0; row < info->v_samp_factor * info->DCT_scaled_size; row++)
      rows[i][row] = samples[i] + (size_t)row * stride;
  }
  jpeg_read_raw_data(jpeg, components, (JDIMENSION)(jpeg->max_v_samp_factor * jpeg->min_DCT_scaled_size));
  return 0;
}

/* Begins to decode pixels of `color_space`. */
int turbo_decoder_start_rows(struct decoder *decoder, int eighths, int scans_max, long memory_max,
                             int color_space, uint32_t *width, uint32_t *height) {
  if (setjmp(decoder->failure.caught)) return -1;
  decoder->jpeg.out_color_space = (J_COLOR_SPACE)color_space;
  start(decoder, eighths, scans_max, memory_max);
  *width = decoder->jpeg.output_width;
  *height = decoder->jpeg.output_height;
  return 0;
}

/* Decodes the next row of pixels. */
int turbo_decoder_read_row(struct decoder *decoder, uint8_t *row) {
  if (setjmp(decoder->failure.caught)) return -1;
  jpeg_read_scanlines(&decoder->jpeg, &row, 1);
  return 0;
}
